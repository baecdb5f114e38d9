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
  setup_unpacked edge "for a floating address in front of the masters" fetch_edge "${EDGE_PROGRAMS[@]}"
}
