# shellcheck shell=bash
# Builds the image with buildah and runs it as compose.yaml says. There is no registry: the images that the Dockerfile
# begins with are made here, of Debian by debootstrap. In the two that build, npm, cargo and apt-get are stand-ins, which
# look whether the files to build from are there, and put the ready program where a build would. Every line of the
# Dockerfile runs. Sourced by deploy/check.

image_store=

in_store() {
  BUILDAH_ISOLATION=chroot buildah --root "$image_store/store" --runroot "$image_store/run" "$@"
}

image_clean() {
  if [ -n "$image_store" ]; then in_store rm --all >/dev/null 2>&1 || true; fi
}

# Debian with nothing in it, made once for every release of it that the Dockerfile ends with.
debian() {
  local suite=$1 kept=${XDG_CACHE_HOME:-$HOME/.cache}/tintype/debian-$1.tar
  if [ ! -f "$kept" ]; then
    kept "$scratch/debootstrap.log" debootstrap --variant=minbase "$suite" "$scratch/debian" ||
      wrong "debootstrap could not make Debian $suite: $(tail -n 5 "$scratch/debootstrap.log")"
    tar -C "$scratch/debian" -cf "$kept.part" .
    mv "$kept.part" "$kept"
    rm -rf "$scratch/debian"
  fi
  printf '%s\n' "$kept"
}

# base NAME FOLDER: an image of Debian and of what the folder has, under a name of the registry.
base() {
  local container
  container=$(in_store from --pull-never debian-base)
  in_store copy --quiet "$container" "$2" / >/dev/null
  in_store commit --quiet --rm "$container" "docker.io/library/$1" >/dev/null
}

# Programs that take the place of those that build. What they look for is every file that the repository has of these.
stand_ins() {
  local node=$scratch/stand-in-node rust=$scratch/stand-in-rust
  mkdir -p "$node/usr/local/bin" "$rust"/{usr/local/bin,etc/ssl/certs}
  # What apt-get would install.
  cp /etc/ssl/certs/ca-certificates.crt "$rust/etc/ssl/certs/"
  (cd web && git ls-files -- src public build index.html 'tsconfig*.json' '*.config.ts') >"$node/wanted"
  git ls-files -- crates xtask .cargo Cargo.toml Cargo.lock docs/openapi.json >"$rust/wanted"
  printf 'web/dist/index.html\n.git/HEAD\n.git/objects\n' >>"$rust/wanted"
  local look='set -e
while read -r file; do
  [ -e "$file" ] || { echo "The context lacks $file; see .dockerignore." >&2; exit 1; }
done </wanted'
  cat >"$node/usr/local/bin/npm" <<NPM
#!/bin/sh
if [ "\$1" = ci ]; then [ -f package-lock.json ]; exit; fi
$look
mkdir dist
echo built >dist/index.html
NPM
  cat >"$rust/usr/local/bin/cargo" <<CARGO
#!/bin/sh
$look
install -D /tintype "\$CARGO_TARGET_DIR/release/tintype"
CARGO
  printf '#!/bin/sh\n' >"$rust/usr/local/bin/apt-get"
  chmod 755 "$node"/usr/local/bin/* "$rust"/usr/local/bin/*
  # The Dockerfile lets cargo strip it.
  cp "$binary" "$rust/tintype"
  if command -v strip >/dev/null; then strip --strip-debug "$rust/tintype"; fi
}

image_build() {
  local container name suite
  image_store=$scratch/images
  mkdir -p "$image_store" "$scratch/empty"
  # The last FROM is what the program runs in, the others are what builds it.
  mapfile -t bases < <(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile)
  suite=${bases[-1]#debian:}
  suite=${suite%-slim}
  container=$(in_store from scratch)
  in_store add --quiet "$container" "$(debian "$suite")" / >/dev/null
  in_store commit --quiet --rm "$container" debian-base >/dev/null
  stand_ins
  for name in "${bases[@]}"; do
    case $name in
      node:*) base "$name" "$scratch/stand-in-node" ;;
      rust:*) base "$name" "$scratch/stand-in-rust" ;;
      debian:*) base "$name" "$scratch/empty" ;;
      *) wrong "Dockerfile begins with $name, which deploy/check cannot make" ;;
    esac
  done
  printf '+ buildah bud --pull-never --format docker -t tintype .\n' >&2
  in_store bud --pull-never --isolation chroot --format docker -t tintype . >"$scratch/bud.log" 2>&1 ||
    wrong "buildah could not build Dockerfile: $(tail -n 20 "$scratch/bud.log")"
  holds 'buildah builds Dockerfile'
}

image_inspect() {
  local image=$scratch/image.json
  in_store inspect --type image tintype | jq .Docker.config >"$image"
  expect 'the user of the image' "$(jq -r .User "$image")" 10001:10001
  expect 'the entrypoint of the image' "$(jq -c .Entrypoint "$image")" '["/usr/local/bin/tintype"]'
  expect 'the command of the image' "$(jq -c .Cmd "$image")" '["serve"]'
  expect 'the volumes of the image' "$(jq -c '.Volumes | keys' "$image")" '["/data"]'
  expect 'the ports of the image' "$(jq -c '.ExposedPorts | keys' "$image")" '["443/tcp","80/tcp","8080/tcp"]'
  expect 'the health check of the image begins with' "$(jq -c '.Healthcheck.Test[:3]' "$image")" '["CMD","bash","-c"]'
  holds 'the image has user 10001:10001, entrypoint, command, volume, ports and health check'
}

# image_trusts CONTAINER: the program finds in the image whom to trust. It stops at the start where it finds nobody; here it
# gets as far as an authority that nobody plays.
image_trusts() {
  in_store run --isolation chroot --env TINTYPE_TLS_DOMAINS=images.test \
    --env TINTYPE_TLS_ACME_DIRECTORY=https://127.0.0.1:9/ --env TINTYPE_TLS_LISTEN=127.0.0.1:0 \
    --env TINTYPE_TLS_HTTP_LISTEN=off --env TINTYPE_STORE_DATA=/tmp/trusting --env PORT="$(free_port)" "$1" -- \
    timeout --preserve-status 5 /usr/local/bin/tintype serve >"$scratch/trusting" 2>&1 || true
  grep -q 'Connection refused' "$scratch/trusting" ||
    wrong "the program of the image does not ask for a certificate: $(cat "$scratch/trusting")"
  holds 'the program of the image finds whom to trust, and asks an authority for a certificate'
}

# The image's program as compose.yaml runs it: a root that is read-only, /tmp in memory, a network, processes and mounts
# of its own, user 10001 with no capability, and the system calls that container engines allow.
image_run() {
  local container mount data=$scratch/volume address allowed=$scratch/container-calls
  local profile=/usr/share/containers/seccomp.json
  container=$(in_store from --pull-never tintype)
  in_store run --isolation chroot "$container" -- /usr/local/bin/tintype --version >"$scratch/version" ||
    wrong 'the program of the image does not run'
  expect 'what the program of the image says' "$(cat "$scratch/version")" "$("$binary" --version)"
  holds "the program of the image runs: $(cat "$scratch/version")"
  expect 'owner and rights of /data' "$(in_store run --isolation chroot "$container" -- stat -c '%u:%g %a' /data)" '10001:10001 700'
  image_trusts "$container"

  if [ ! -f "$profile" ] || ! unshare --mount --net --pid --fork true 2>/dev/null; then
    skip 'the image as compose.yaml runs it: namespaces or the profile of golang-github-containers-common are not here'
    return
  fi
  # Calls that the profile allows to everybody, some of them with certain arguments only.
  jq -r '.syscalls[] | select(.action == "SCMP_ACT_ALLOW" and (.includes.caps // []) == []) | .names[]' "$profile" >"$allowed"
  mount=$(in_store mount "$container")
  install -d -o 10001 -g 10001 -m 700 "$data"
  cat >"$scratch/inside" <<'INSIDE'
set -e
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
mount --bind "$2" "$1/data"
mount -t tmpfs tmpfs "$1/tmp"
mount -t proc proc "$1/proc"
mount --bind /dev/null "$1/dev/null"
ip link set lo up
export PORT=8080 TINTYPE_STORE_DATA=/data
exec python3 "$3" --root "$1" --user 10001 "$4" /usr/local/bin/tintype serve
INSIDE
  start "$scratch/container.log" unshare --mount --net --pid --fork --kill-child=KILL \
    bash "$scratch/inside" "$mount" "$data" "$root/deploy/checks/confine.py" "$allowed"
  local outer=$pid first
  await 'the program in the image' "$scratch/container.log" address_in "$scratch/container.log"
  address=$(address_in "$scratch/container.log")
  expect 'where the program in the image is' "$address" http://localhost:8080
  first=$(pgrep -P "$outer")
  curl() { nsenter --target "$first" --net -- "$(type -P curl)" "$@"; }
  healthy "$address" 'as compose.yaml runs the image'
  renders "$address" 'as compose.yaml runs the image'
  unset -f curl

  local health
  mapfile -t health < <(jq -r '.Healthcheck.Test[1:][]' "$scratch/image.json")
  local ask=(nsenter --target "$first" --mount --net --pid --root --wd setpriv --reuid 10001 --regid 10001 --clear-groups)
  "${ask[@]}" "${health[@]}" || wrong 'the health check says no of a server that is well'
  if "${ask[@]}" env PORT=1 "${health[@]}" 2>/dev/null; then wrong 'the health check says yes where no server is'; fi
  if "${ask[@]}" touch /written 2>/dev/null; then wrong 'the root is not read-only'; fi
  holds 'the health check tells a server that is well from one that is not there'
  "${ask[@]}" env TINTYPE_STORE_DATA=/data /usr/local/bin/tintype token create --name check >"$scratch/said" 2>&1 ||
    wrong "a subcommand beside the server fails in the image: $(cat "$scratch/said")"
  holds 'a subcommand runs beside the server'
  kill -TERM "$first"
  status=0
  wait "$outer" || status=$?
  expect 'the status of the container after SIGTERM' "$status" 0
  holds 'SIGTERM ends it with status 0, as process 1 of its namespace'
}

image_check() {
  if [ "$(id -u)" -ne 0 ]; then
    skip 'the image: buildah without a registry needs root here'
    return
  fi
  image_build
  image_inspect
  image_run
}
