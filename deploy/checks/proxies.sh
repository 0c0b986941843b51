# shellcheck shell=bash
# nginx, Caddy and HAProxy run with the samples of this folder in front of the real program. Of the samples, names of files, ports
# and the address of Tintype are replaced, and nothing else. Sourced by deploy/check.

# replaced FILE FROM TO: replaces a text that must be there.
replaced() {
  grep -qF -- "$2" "$1" || wrong "deploy/check wants to replace '$2' in a sample, which does not have it"
  python3 - "$@" <<'PYTHON'
import sys
path, old, new = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    text = file.read()
with open(path, "w", encoding="utf-8") as file:
    file.write(text.replace(old, new))
PYTHON
}

# logged ID: the line of the access log for the upload of an image. It is written a moment behind the answer.
logged() {
  for _ in {1..600}; do
    if grep -a -- "$1" "$scratch/tintype.log"; then return 0; fi
    sleep 0.1
  done
  wrong "the access log has no line with the image $1"
}

# through NAME ORIGIN CURL-OPTION…: what has to work behind a proxy that serves ORIGIN.
through() {
  local name=$1 origin=$2 answer link etag line client head
  shift 2
  local ask=(curl -sS --max-time 60 "$@")
  # The client has an address other than the proxy's, and lies about it.
  answer=$("${ask[@]}" --interface 127.0.0.9 -H 'X-Forwarded-For: 203.0.113.66' -H 'X-Forwarded-Host: evil.example' \
    -F "file=@$scratch/large.png" "$origin/api/v1/images")
  link=$(jq -er .links.image <<<"$answer" 2>/dev/null) || wrong "$name: an upload of 22 MB was answered $answer"
  holds "$name: an upload of $(stat -c %s "$scratch/large.png") bytes passes"
  [[ $link == "$origin"/* ]] || wrong "$name: the link is $link, which does not begin with $origin"
  holds "$name: links begin with $origin"
  line=$(logged "$(jq -r .id <<<"$answer")") || exit 1
  client=$(jq -r .client <<<"$line") || wrong "$name: the access log is not JSON: $line"
  expect "$name: the client in the access log" "$client" 127.0.0.9
  holds "$name: the access log has the client's own address, not the proxy's and not what the client says"

  answer=$("${ask[@]}" -F "file=@$scratch/too-large.png" "$origin/api/v1/images")
  expect "$name: the code for what is beyond upload.bytes_max" "$(jq -r .code <<<"$answer")" file_too_large
  holds "$name: a file beyond upload.bytes_max is refused in Tintype's words"

  "${ask[@]}" -o "$scratch/whole" -D "$scratch/head" "$link"
  cmp "$scratch/whole" "$scratch/large.png" || wrong "$name: what comes out is not what went in"
  etag=$(sed -n 's/^etag: \(.*\)\r$/\1/Ip' "$scratch/head")
  [ -n "$etag" ] || wrong "$name: the picture has no ETag"
  expect "$name: the status for a tag that is known" \
    "$("${ask[@]}" -o /dev/null -w '%{http_code}' -H "If-None-Match: $etag" "$link")" 304
  head=$("${ask[@]}" -o "$scratch/part" -w '%{http_code} %{size_download}' -r 1000-1999 "$link")
  expect "$name: the answer to a range" "$head" '206 1000'
  cmp <(tail -c +1001 "$scratch/large.png" | head -c 1000) "$scratch/part" || wrong "$name: a range has other bytes"
  holds "$name: the same bytes come out, tags are answered 304 and ranges 206"

  head=$("${ask[@]}" -o /dev/null -D - "$origin/")
  if [[ $origin == https:* ]]; then
    grep -qi '^set-cookie: __Host-tintype_owner=.*; Secure' <<<"$head" || wrong "$name: the cookie is not for HTTPS alone: $head"
    holds "$name: cookies are for HTTPS alone"
  fi
}

# certificate FOLDER: one of its own for img.example.org, and its key.
certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=img.example.org -addext subjectAltName=DNS:img.example.org \
    -keyout "$1/key.pem" -out "$1/certificate.pem" 2>/dev/null
}

# nginx_check NAME [LOCATION]: nginx with our sample, and with the location in a file where one is given.
nginx_check() {
  local name=$1 nginx folder=$scratch/$1 tls plain
  nginx=$(PATH="$PATH:/usr/sbin:/sbin" command -v nginx)
  mkdir -p "$folder"
  tls=$(free_port)
  plain=$(free_port)
  certificate "$folder"
  cp "$root/deploy/nginx.conf" "$folder/tintype.conf"
  if [ $# -gt 1 ]; then
    # Into the last block of the sample, which is the server's.
    sed -i '$d' "$folder/tintype.conf"
    cat "$2" >>"$folder/tintype.conf"
    printf '}\n' >>"$folder/tintype.conf"
  fi
  replaced "$folder/tintype.conf" 127.0.0.1:8080 "${tintype_url#http://}"
  replaced "$folder/tintype.conf" 'listen 443 ' "listen 127.0.0.1:$tls "
  replaced "$folder/tintype.conf" 'listen [::]:443 ' '# listen [::]:443 '
  replaced "$folder/tintype.conf" 'listen 80;' "listen 127.0.0.1:$plain;"
  replaced "$folder/tintype.conf" 'listen [::]:80;' '# listen [::]:80;'
  replaced "$folder/tintype.conf" /etc/letsencrypt/live/img.example.org/fullchain.pem "$folder/certificate.pem"
  replaced "$folder/tintype.conf" /etc/letsencrypt/live/img.example.org/privkey.pem "$folder/key.pem"
  {
    if [ "$(id -u)" -eq 0 ]; then printf 'user root;\n'; fi
    printf 'daemon off;\nworker_processes 1;\npid %s/pid;\nerror_log stderr warn;\nevents {}\nhttp {\n  access_log off;\n' "$folder"
    printf '  %s_temp_path %s;\n' client_body "$folder" proxy "$folder" fastcgi "$folder" uwsgi "$folder" scgi "$folder"
    printf '  include %s/tintype.conf;\n}\n' "$folder"
  } >"$folder/nginx.conf"
  shown "$nginx" -t -q -p "$folder" -c "$folder/nginx.conf" -e stderr || wrong 'nginx does not take deploy/nginx.conf'
  start "$scratch/$name.log" "$nginx" -p "$folder" -c "$folder/nginx.conf" -e stderr
  local nginx_pid=$pid origin=https://img.example.org:$tls
  local options=(--cacert "$folder/certificate.pem" --resolve "img.example.org:$tls:127.0.0.1")
  await nginx "$scratch/$name.log" curl -sf "${options[@]}" "$origin/health"
  through "$name" "$origin" "${options[@]}"
  expect 'nginx: what plain HTTP leads to' \
    "$(curl -sS -o /dev/null -w '%{redirect_url}' -H 'Host: img.example.org' "http://127.0.0.1:$plain/i/x")" \
    https://img.example.org/i/x
  holds 'nginx: plain HTTP leads to HTTPS'
  end "$nginx_pid"
}

# Originals handed out by nginx itself, with the location that docs/storage.md shows.
accel_check() {
  local location=$scratch/accel.location answer link head header
  sed -n '/^```nginx$/,/^```$/ { /^```/d; p }' "$root/docs/storage.md" >"$location"
  replaced "$location" /srv/tintype/ "$scratch/accel-data/"
  start "$scratch/tintype.log" "$binary" serve --data "$scratch/accel-data" --listen 127.0.0.1:0 --upload-bytes-max 25MB \
    --server-trusted-proxies 127.0.0.1/32 --delivery-mode accel
  local tintype_pid=$pid
  await Tintype "$scratch/tintype.log" address_in "$scratch/tintype.log"
  tintype_url=$(address_in "$scratch/tintype.log")
  answer=$(curl -sS -F "file=@$scratch/large.png" "$tintype_url/api/v1/images")
  link=$(jq -er .links.image <<<"$answer") || wrong "accel: an upload was answered $answer"
  head=$(curl -sS -o "$scratch/accel-body" -D - "$link")
  grep -qi '^x-accel-redirect: /tintype-data/originals/../' <<<"$head" || wrong "accel: the program answered $head"
  expect 'accel: the bytes that come from the program itself' "$(stat -c %s "$scratch/accel-body")" 0
  nginx_check nginx-accel "$location"
  # What the last picture was sent with, in `through`.
  for header in 'x-content-type-options: nosniff' "content-security-policy: default-src 'none'; sandbox" \
    'access-control-allow-origin: \*' 'content-type: image/png' 'content-disposition: inline' 'cache-control: public, max-age=31536000'; do
    grep -qi "^$header" "$scratch/head" || wrong "accel: nginx sent no '$header': $(cat "$scratch/head")"
  done
  holds 'accel: nginx sends the file with the headers of the program'
  end "$tintype_pid"
}

caddy_check() {
  local folder=$scratch/caddy port
  mkdir -p "$folder"
  port=$(free_port)
  # Caddy's own port to administer it stays shut.
  { printf '{\n\tadmin off\n}\n' && cat "$root/deploy/Caddyfile"; } >"$folder/Caddyfile"
  replaced "$folder/Caddyfile" 127.0.0.1:8080 "${tintype_url#http://}"
  replaced "$folder/Caddyfile" 'img.example.org {' "http://localhost:$port {
	bind 127.0.0.1"
  kept "$folder/said" caddy validate --adapter caddyfile --config "$root/deploy/Caddyfile" ||
    wrong "Caddy does not take deploy/Caddyfile: $(cat "$folder/said")"
  kept "$folder/said" caddy fmt --diff "$root/deploy/Caddyfile" || wrong 'deploy/Caddyfile is not as "caddy fmt" writes it'
  # With nothing written outside the scratch folder.
  start "$scratch/caddy.log" env XDG_DATA_HOME="$folder" XDG_CONFIG_HOME="$folder" \
    caddy run --adapter caddyfile --config "$folder/Caddyfile"
  local caddy_pid=$pid origin=http://localhost:$port
  await Caddy "$scratch/caddy.log" curl -sf "$origin/health"
  through Caddy "$origin"
  end "$caddy_pid"
}

# haproxy_start NAME TLS-PORT BACKEND [OPTION]: HAProxy with our sample, with an option behind the line of Tintype; sets `pid`.
haproxy_start() {
  local folder=$scratch/$1 haproxy
  haproxy=$(PATH="$PATH:/usr/sbin:/sbin" command -v haproxy)
  mkdir -p "$folder"
  certificate "$folder"
  cat "$folder/certificate.pem" "$folder/key.pem" >"$folder/both.pem"
  cp "$root/deploy/haproxy.cfg" "$folder/haproxy.cfg"
  replaced "$folder/haproxy.cfg" 127.0.0.1:8080 "$3"
  replaced "$folder/haproxy.cfg" 'pool-purge-delay 5s' "pool-purge-delay 5s ${4:-}"
  replaced "$folder/haproxy.cfg" 'bind :80' "bind 127.0.0.1:$(free_port)"
  replaced "$folder/haproxy.cfg" 'bind :443' "bind 127.0.0.1:$2"
  replaced "$folder/haproxy.cfg" /etc/haproxy/certs/img.example.org.pem "$folder/both.pem"
  kept "$folder/said" "$haproxy" -c -f "$folder/haproxy.cfg" || wrong "HAProxy does not take deploy/haproxy.cfg: $(cat "$folder/said")"
  start "$scratch/$1.log" "$haproxy" -db -f "$folder/haproxy.cfg"
}

haproxy_check() {
  local tls
  tls=$(free_port)
  haproxy_start haproxy "$tls" "${tintype_url#http://}"
  local haproxy_pid=$pid origin=https://img.example.org:$tls
  local options=(--cacert "$scratch/haproxy/certificate.pem" --resolve "img.example.org:$tls:127.0.0.1")
  await HAProxy "$scratch/haproxy.log" curl -sf "${options[@]}" "$origin/health"
  through HAProxy "$origin" "${options[@]}"
  end "$haproxy_pid"
}

# HAProxy says by the PROXY protocol whose connection it passes on; headers say nothing then, and base_url has to.
proxy_protocol_check() {
  local tls port
  tls=$(free_port)
  port=$(free_port)
  local origin=https://img.example.org:$tls
  start "$scratch/tintype.log" "$binary" serve --data "$scratch/protocol-data" --listen "127.0.0.1:$port" --upload-bytes-max 25MB \
    --server-trusted-proxies 127.0.0.1/32 --server-proxy-protocol on --base-url "$origin"
  local tintype_pid=$pid
  haproxy_start haproxy-protocol "$tls" "127.0.0.1:$port" send-proxy-v2
  local haproxy_pid=$pid
  local options=(--cacert "$scratch/haproxy-protocol/certificate.pem" --resolve "img.example.org:$tls:127.0.0.1")
  await HAProxy "$scratch/haproxy-protocol.log" curl -sf "${options[@]}" "$origin/health"
  through 'PROXY protocol' "$origin" "${options[@]}"
  end "$haproxy_pid"
  end "$tintype_pid"
}

proxies() {
  python3 "$root/deploy/checks/picture.py" "$scratch/large.png" 2700
  python3 "$root/deploy/checks/picture.py" "$scratch/too-large.png" 3200
  # 127.0.0.1 alone is the proxy; the client below is 127.0.0.9.
  start "$scratch/tintype.log" "$binary" serve --data "$scratch/data" --listen 127.0.0.1:0 --upload-bytes-max 25MB \
    --server-trusted-proxies 127.0.0.1/32
  local tintype_pid=$pid
  await Tintype "$scratch/tintype.log" address_in "$scratch/tintype.log"
  tintype_url=$(address_in "$scratch/tintype.log")
  nginx_check nginx
  caddy_check
  haproxy_check
  end "$tintype_pid"
  expect 'the status with which Tintype ended' "$status" 0
  accel_check
  proxy_protocol_check
}
