# shellcheck shell=bash
# What ./run, ./test, ./accept and bench/run share. Sourced; sets `root` to the repository and the folder that cargo builds into.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/tintype/target}"
mkdir -p "$CARGO_TARGET_DIR"

# A script that sets `alone` has the folder for itself until it ends: what a clone that shares it builds meanwhile would be
# taken for its own. The lock goes with file 9, which no program that the script runs may keep open.
if [ -n "${alone:-}" ]; then
  exec 9>"$CARGO_TARGET_DIR/tests.lock"
  if ! flock --nonblock 9; then
    printf 'another run of the tests uses %s; waiting for it\n' "$CARGO_TARGET_DIR" >&2
    flock 9
  fi
fi

# Clones that share the folder also share the names of what is built, and cargo tells stale from fresh by times alone: what
# another clone built later than a file was written here would be taken for this file's. So the sources are new to whoever
# did not build last.
if [ "$(cat "$CARGO_TARGET_DIR/last-root" 2>/dev/null)" != "$root" ]; then
  find "$root/crates" "$root/xtask" -type f \( -name '*.rs' -o -name '*.sql' -o -name Cargo.toml \) -exec touch {} +
  printf '%s' "$root" >"$CARGO_TARGET_DIR/last-root"
fi

# rustup puts cargo here and a shell that was open before does not know it yet.
case ":$PATH:" in
  *":$HOME/.cargo/bin:"*) ;;
  *) PATH="$HOME/.cargo/bin:$PATH" ;;
esac

# Where python_tools puts what tools/python.txt names.
python_tools=${XDG_CACHE_HOME:-$HOME/.cache}/tintype/python

# Prints a command as it will run, then runs it.
shown() {
  printf '+ %s\n' "$*" >&2
  "$@"
}

# One number for the content and the names of all files given, folders included; missing ones count as nothing.
fingerprint() {
  local given=() path
  for path in "$@"; do
    [ -e "$path" ] && given+=("$path")
  done
  find "${given[@]}" \
    \( -name node_modules -o -name dist -o -name target -o -name test-results -o -name playwright-report \) -prune \
    -o -type f -exec cksum {} + | LC_ALL=C sort | cksum
}

# Whether the stamp file holds this text.
is_stamped() {
  [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# What the web app is built from, in the order of `fingerprint`.
web_sources() {
  fingerprint "$root"/web/{src,public,build,index.html,package.json,package-lock.json} "$root"/web/*.config.ts \
    "$root"/web/tsconfig*.json
}

# npm packages, fetched anew when the lock file or Node changed since the last time.
web_modules() {
  local stamp=$root/web/node_modules/.tintype-modules now
  now="$(cksum <"$root/web/package-lock.json") $(node --version)"
  if ! is_stamped "$stamp" "$now"; then
    shown npm --prefix "$root/web" ci --no-audit --no-fund || return
    printf '%s' "$now" >"$stamp"
  fi
}

# The Python tools of the tests, fetched anew when their list or Python changed since the last time.
python_tools() {
  local stamp=$python_tools/.tintype-tools now
  now="$(cksum <"$root/tools/python.txt") $(python3 --version)"
  if ! is_stamped "$stamp" "$now"; then
    shown python3 -m venv --clear "$python_tools" &&
      shown "$python_tools/bin/pip" install --quiet --disable-pip-version-check --requirement "$root/tools/python.txt" >&2 ||
      return
    printf '%s' "$now" >"$stamp"
  fi
  # The S3 engine, for whatever tests look for it.
  export TINTYPE_WEED=$python_tools/bin/weed
}

# The web app in web/dist, built anew when its sources changed since the last time.
web_build() {
  local stamp=$root/web/node_modules/.tintype-built now
  web_modules || return
  now=$(web_sources)
  if ! is_stamped "$stamp" "$now" || [ ! -f "$root/web/dist/index.html" ]; then
    shown npm --prefix "$root/web" run build || return
    printf '%s' "$now" >"$stamp"
  fi
}

# Where tintype_build leaves the program.
tintype_binary=$CARGO_TARGET_DIR/release/tintype

# What the program is built from, with the clone that it belongs to.
tintype_sources() {
  printf '%s ' "$root"
  fingerprint "$root"/{Cargo.toml,Cargo.lock,.cargo,crates,docs/openapi.json}
  web_sources
}

# The release build of the program, made anew when its sources changed since the last time.
tintype_build() {
  # Beside the binary, because several clones may share the folder: the stamp says whose binary it is.
  local stamp=$tintype_binary.built-from now
  now=$(tintype_sources)
  if ! is_stamped "$stamp" "$now" || [ ! -x "$tintype_binary" ]; then
    "$root/tools/setup" build
    web_build
    printf 'Building Tintype; the first time takes a few minutes.\n' >&2
    (cd "$root" && shown cargo build --release --locked --package tintype) || return
    printf '%s' "$now" >"$stamp"
  fi
}
