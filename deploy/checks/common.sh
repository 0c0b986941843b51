# shellcheck shell=bash
# What the parts of deploy/check share. Sourced behind tools/common.sh; `scratch` is a folder that goes away, `binary` is
# the program under test.

skipped=0

# One thing that was seen to hold.
holds() {
  printf 'ok      %s\n' "$*"
}

# One thing that could not be tried here, and why.
skip() {
  printf 'skipped %s\n' "$*"
  skipped=$((skipped + 1))
}

# Ends the check: what is wrong.
wrong() {
  printf 'WRONG   %s\n' "$*" >&2
  exit 1
}

# kept FILE COMMAND…: prints a command as it will run, then runs it with all that it says going to FILE.
kept() {
  local file=$1
  shift
  printf '+ %s\n' "$*" >&2
  "$@" >"$file" 2>&1
}

# expect WHAT ACTUAL EXPECTED: ends the check where they differ.
expect() {
  [ "$2" = "$3" ] || wrong "$1 is '$2', not '$3'"
}

# The processes that this started, to be ended with it.
started=()

# start LOG COMMAND…: runs a command behind this, its output in LOG; sets `pid`.
start() {
  local log=$1
  shift
  printf '+ %s &\n' "$*" >&2
  "$@" >"$log" 2>"$log.error" &
  pid=$!
  started+=("$pid")
}

# Ends a process that `start` started, and waits for it; sets `status`.
end() {
  local each left=()
  kill -TERM "$1" 2>/dev/null || true
  status=0
  wait "$1" || status=$?
  for each in "${started[@]}"; do
    if [ "$each" != "$1" ]; then left+=("$each"); fi
  done
  started=("${left[@]}")
}

# What still runs when this ends. nginx takes its workers along only where it is asked to end.
end_all() {
  local each
  for each in "${started[@]}"; do
    kill -TERM "$each" 2>/dev/null || continue
    for _ in {1..50}; do
      kill -0 "$each" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$each" 2>/dev/null || true
  done
} 2>/dev/null

# await WHAT LOG COMMAND…: runs a command until it succeeds, at most a minute.
await() {
  local what=$1 log=$2 tries
  shift 2
  for tries in {1..600}; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  cat "$log" "$log.error" >&2
  wrong "$what did not start within a minute (${tries} tries); see above"
}

# A port of 127.0.0.1 that is free now, below those that Linux gives to whoever asks for any: nobody takes it before its use.
free_port() {
  python3 - <<'PYTHON'
import random, socket
for port in random.sample(range(12000, 32000), 1000):
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        continue
    print(port)
    break
else:
    raise SystemExit("no port is free")
PYTHON
}

# The address that a log of tintype names.
address_in() {
  sed -n 's|^Tintype is ready: \(http://[^ /]*\)/.*|\1|p' "$1" | grep .
}

# healthy URL WHAT: both layers of the sandbox hold and the decoders work.
healthy() {
  local health
  for _ in {1..600}; do
    health=$(curl -sS "$1/health")
    [ "$(jq -r .sandbox.self_test <<<"$health")" = pending ] || break
    sleep 0.1
  done
  jq -e '.status == "ok" and .sandbox.status == "ok" and .sandbox.self_test == "passed"' <<<"$health" >/dev/null ||
    wrong "$2: /health says $health"
  holds "$2: /health is ok, Landlock $(jq -r .sandbox.landlock <<<"$health"), seccomp $(jq -r .sandbox.seccomp <<<"$health")"
}

# renders URL WHAT: a picture goes in and comes out smaller.
renders() {
  local answer link
  answer=$(curl -sS -F "file=@$scratch/small.png" "$1/api/v1/images")
  link=$(jq -er .links.image <<<"$answer") || wrong "$2: an upload was answered $answer"
  expect "$2: the status of a variant" "$(curl -sS -o /dev/null -w '%{http_code}' "${link%.*}/w=64.webp")" 200
  holds "$2: a picture goes in and comes out smaller"
}
