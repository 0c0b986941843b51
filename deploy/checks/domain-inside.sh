#!/usr/bin/env bash
# Runs the documents' blocks inside a network of its own; see domain.sh. The argument is a folder with `work/`, where the blocks
# run, and `tintype`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1
export PATH="$folder:$PATH:/usr/sbin:/sbin"

# All names lead here.
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
      tail -q -n 10 "$folder"/*.log | cut -c 1-400 >&2
      exit 1
    fi
    sleep 0.1
  done
}

await 'the authority' curl -sf --cacert ca.pem https://127.0.0.1:14000/dir
await 'the names' getent hosts images.example.org
# What readers trust, and what the server trusts of the authority.
curl -sf --cacert ca.pem https://127.0.0.1:15000/roots/0 >trusted.pem
export CURL_CA_BUNDLE=$folder/trusted.pem SSL_CERT_FILE=$folder/trusted.pem
directory=https://127.0.0.1:14000/dir
export TINTYPE_TLS_ACME_DIRECTORY=$directory TINTYPE_TLS_ACME_ROOT=$folder/ca.pem
# Where Caddy keeps what it has.
export XDG_DATA_HOME=$folder/caddy XDG_CONFIG_HOME=$folder/caddy

# blocks DOCUMENT FOLDER HEADING: writes each block of a document behind a heading into a file of its own, `NN.language` or, where the line before it names
# a file in backquotes and ends in a colon, `NN.file.NAME`.
blocks() {
  python3 - "$@" <<'PYTHON'
import pathlib, re, sys
document, folder, heading = sys.argv[1:]
text = open(document).read()
lines, block, before, count = text[text.index(heading):].split("\n"), None, "", 0
for line in lines:
    if line.startswith("```"):
        if block is None:
            named = re.search(r"`([^`]+)`:$", before)
            kind = f"file.{named[1].replace('/', '%')}" if named else line[3:] or "text"
            block = []
        else:
            pathlib.Path(folder, f"{count:02}.{kind}").write_text("\n".join(block) + "\n")
            count, block, before = count + 1, None, ""
    elif block is not None:
        block.append(line)
    elif line.strip():
        before = line.strip()
PYTHON
}

# told NAME: the block's command is a service; this says when it is there.
told() {
  case $1 in
    'tintype serve --domain'*) await 'the certificate' curl -sf https://images.example.org/health ;;
    'tintype serve'*) await 'the origin' curl -sf http://127.0.0.1:8080/health ;;
    varnishd*) await 'the cache' curl -sf -H 'Host: media.example.org' http://127.0.0.1:6081/health ;;
    caddy*)
      await 'the certificate of the site' curl -sf https://images.example.org/health
      await 'the certificate of the media host' curl -sf https://media.example.org/health
      ;;
  esac
}

# walk DOCUMENT [HEADING]: runs its blocks in order, from the heading on; files are written where they are named, and what is a
# service goes on behind the next block. Variables that a block exports are there for the next.
walk() {
  local document=$1 heading=${2:-} place step name first number=0
  place=$folder/$(basename "$document" .md)
  mkdir -p "$place"
  blocks "$document" "$place" "$heading"
  cd "$folder/work"
  for step in "$place"/*; do
    name=$(basename "$step")
    case $name in
      *.file.*)
        cp "$step" "${name#*.file.}"
        if [ "${name#*.file.}" = Caddyfile ]; then
          # The authority of this network, and no port to administer it.
          printf '{\n\tadmin off\n\tacme_ca %s\n\tacme_ca_root %s\n}\n' "$directory" "$folder/ca.pem" | cat - "$step" >Caddyfile
        fi
        ;;
      *.sh)
        sed 's/^/+ /' "$step" >&2
        first=$(head -n 1 "$step")
        case $first in
          'tintype serve'* | varnishd* | caddy\ run*)
            number=$((number + 1))
            # What tells the walk from a machine of its own: where this network's authority is, and no user of Varnish's own.
            bash -euo pipefail -c "$(sed 's/^varnishd /exec varnishd -j none -T none /; s/^tintype /exec tintype /; s/^caddy /exec caddy /' "$step")" \
              >"$folder/service-$number.log" 2>&1 &
            services+=("$!")
            told "$first"
            ;;
          *)
            # shellcheck source=/dev/null
            . "$step"
            ;;
        esac
        ;;
    esac
  done
}

services=()

# timeout SECONDS COMMAND…: the documents name times of a machine that has nothing else to do; five times them is enough for any.
# How soon a cache forgets is held by tests/it/cdn.
timeout() {
  command timeout "$(($1 * 5))" "${@:2}"
}

# Ends what a walk started.
end_services() {
  kill "${services[@]}" 2>/dev/null || true
  wait "${services[@]}" 2>/dev/null || true
  services=()
}

trap 'printf "WRONG   the block above failed: %s\n" "$BASH_COMMAND" >&2; tail -q -n 10 "$folder"/service-*.log | cut -c 1-400 >&2 || true' ERR
walk "$root/docs/own-domain.md"
end_services
unset TINTYPE_TOKEN
cp "$root/deploy/varnish.vcl" "$folder/work/default.vcl"
walk "$root/docs/cdn.md" '## A walk with Varnish'
end_services
