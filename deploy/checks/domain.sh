# shellcheck shell=bash
# docs/own-domain.md and the walk of docs/cdn.md, run as they stand: in a network of their own, where the names of the documents
# lead to this machine and Pebble is the authority. Sourced by deploy/check.

domain_check() {
  local fixtures=${TINTYPE_FIXTURES:-$root/../shared/fixtures} missing=() command folder=$scratch/domain
  for command in pebble pebble-challtestsrv varnishd caddy ip; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$command" >/dev/null || missing+=("$command")
  done
  [ -d "$fixtures/photos" ] || missing+=('fixtures')
  [ "$(id -u)" -eq 0 ] || missing+=('root, for a network of its own')
  if [ ${#missing[@]} -gt 0 ]; then
    [ -z "${CI:-}" ] || wrong "docs/own-domain.md and docs/cdn.md need ${missing[*]}"
    skip "docs/own-domain.md and docs/cdn.md: they need ${missing[*]}"
    return
  fi
  mkdir -p "$folder/work/pictures/2026" "$folder/work/new"
  local photos=("$fixtures"/photos/*.png)
  cp "${photos[0]}" "$folder/work/pictures/sunset.png"
  cp "${photos[1]}" "$folder/work/new/sunset.png"
  cp "${photos[2]}" "$folder/work/pictures/2026/harbour.png"
  cp "${photos[3]}" "$folder/work/pictures/street.png"
  mkdir -p "$folder/work/gallery"
  cp "${photos[4]}" "$folder/work/gallery/harbour.png"
  cp "${photos[5]}" "$folder/work/new/harbour.png"
  cp "${photos[6]}" "$folder/work/gallery/boats.png"
  ln -sfn "$binary" "$folder/tintype"
  shown unshare --net --mount --pid --fork --kill-child --mount-proc bash "$root/deploy/checks/domain-inside.sh" "$folder" ||
    wrong 'docs/own-domain.md or docs/cdn.md does not do what it says; see above'
  holds 'docs/own-domain.md and docs/cdn.md do what they say'
}
