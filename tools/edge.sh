# haproxy and keepalived, which keep a floating address in front of the masters: the
# machine's own, otherwise Debian's. Sourced by setup.sh, after debian.sh.
# shellcheck shell=bash

EDGE_PROGRAMS=(haproxy keepalived)

edge_missing() { [[ $(missing_of edge "${EDGE_PROGRAMS[@]}") ]]; }

# fetch_edge NAME...
fetch_edge() {
  local name
  unpack edge "$@"
  mkdir -p "$WORK/bin"
  for name in "$@"; do
    write_wrapper edge "$name"
    "$WORK/bin/$name" -v
  done
}

setup_edge() {
  local name path wanted=()
  for name in "${EDGE_PROGRAMS[@]}"; do
    if path=$(machines_own "$name"); then
      say "    $name: $path, the machine's own"
    else
      wanted+=("$name")
    fi
  done
  if edge_missing; then
    step edge "fetching Debian's ${wanted[*]}, for a floating address in front of the masters" \
      "10 to 20 seconds" fetch_edge "${wanted[@]}"
    keep edge "${wanted[@]}"
  elif ((${#wanted[@]} > 0)); then
    say "    ${wanted[*]}: in .tools/bin"
  fi
}
