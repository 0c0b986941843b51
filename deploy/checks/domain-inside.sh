#!/usr/bin/env bash
# Runs the documents' blocks inside a network of its own; see domain.sh. The argument is a folder with `work/`, where the blocks
# run, and `tintype`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1
export PATH="$folder:$PATH:/usr/sbin:/sbin"

# The names lead here: the documents' server to 127.0.0.1, the cache before it to 127.0.0.3.
ip link set lo up
printf 'nameserver 127.0.0.1\n' >"$folder/resolv.conf"
mount --bind "$folder/resolv.conf" /etc/resolv.conf
pebble-challtestsrv -management 127.0.0.1:8055 -dns01 127.0.0.1:53 -http01 '' -https01 '' -tlsalpn01 '' \
  -defaultIPv4 127.0.0.1 -defaultIPv6 '' >"$folder/dns.log" 2>&1 &

# An authority that answers this network alone, its own certificate signed by one of ours.
cd "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=authority of the test' -keyout ca.key -out ca.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout authority.key -out authority.csr 2>/dev/null
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >extensions
openssl x509 -req -in authority.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out authority.pem 2>/dev/null
cat >pebble.json <<CONFIG
{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
  "certificate": "$folder/authority.pem", "privateKey": "$folder/authority.key", "httpPort": 80, "tlsPort": 443,
  "ocspResponderURL": "", "externalAccountBindingRequired": false}}
CONFIG
PEBBLE_VA_NOSLEEP=1 pebble -config pebble.json -strict=false -dnsserver 127.0.0.1:53 >pebble.log 2>&1 &

# await WHAT COMMAND…: waits until a command succeeds, for a minute.
await() {
  local what=$1 begun=$SECONDS
  shift
  until "$@" >/dev/null 2>&1; do
    if [ $((SECONDS - begun)) -ge 60 ]; then
      printf 'WRONG   %s is not there after a minute\n' "$what" >&2
      tail -n 40 "$folder"/*.log >&2
      exit 1
    fi
    sleep 0.1
  done
}

await 'the authority' curl -sf --cacert ca.pem https://127.0.0.1:14000/dir
await 'the names' curl -sf -d '{"host": "media.example.org", "addresses": ["127.0.0.3"]}' http://127.0.0.1:8055/add-a
# What readers trust, and what the server trusts of the authority.
curl -sf --cacert ca.pem https://127.0.0.1:15000/roots/0 >trusted.pem
export CURL_CA_BUNDLE=$folder/trusted.pem SSL_CERT_FILE=$folder/trusted.pem
export TINTYPE_TLS_ACME_DIRECTORY=https://127.0.0.1:14000/dir TINTYPE_TLS_ACME_ROOT=$folder/ca.pem TINTYPE_TLS_LISTEN=127.0.0.1:443

# blocks DOCUMENT FOLDER: writes each block of a document into a file of its own, `NN.language` or, where the line before it names
# a file in backquotes and ends in a colon, `NN.file.NAME`.
blocks() {
  python3 - "$@" <<'PYTHON'
import pathlib, re, sys
document, folder = sys.argv[1:]
lines, block, before, count = open(document).read().split("\n"), None, "", 0
for line in lines:
    if line.startswith("```"):
        if block is None:
            named = re.search(r"`([^`]+)`:$", before)
            kind = f"file.{named[1].replace('/', '%')}" if named else line[3:] or "text"
            block = []
        else:
            pathlib.Path(folder, f"{count:02}.{kind}").write_text("\n".join(block) + "\n")
            count, block = count + 1, None
    elif block is not None:
        block.append(line)
    elif line.strip():
        before = line.strip()
PYTHON
}

# walk DOCUMENT: runs its blocks in order, in one shell. A server goes on behind the next.
walk() {
  local document=$1 place step name
  place=$folder/$(basename "$document" .md)
  mkdir -p "$place"
  blocks "$document" "$place"
  cd "$folder/work"
  for step in "$place"/*; do
    name=$(basename "$step")
    case $name in
      *.sh)
        sed 's/^/+ /' "$step" >&2
        if grep -q '^tintype serve' "$step"; then
          bash -euo pipefail "$step" >"$folder/server.log" 2>&1 &
          server=$!
          await 'the certificate' curl -sf https://images.example.org/health
        else
          # In this shell, so that what a block exports is there for the next.
          # shellcheck source=/dev/null
          . "$step"
        fi
        ;;
    esac
  done
}

trap 'printf "WRONG   the block above failed: %s\n" "$BASH_COMMAND" >&2; tail -n 40 "$folder/server.log" >&2 || true' ERR
walk "$root/docs/own-domain.md"
