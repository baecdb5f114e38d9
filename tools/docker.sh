# A Docker engine, which the tests start for themselves, beside any that runs: the
# machine's own program, otherwise Debian's. Sourced by setup.sh, after debian.sh.
# shellcheck shell=bash

DOCKER_PROGRAMS=(dockerd docker)

docker_missing() { [[ $(missing_of docker "${DOCKER_PROGRAMS[@]}") ]]; }

# fetch_docker NAME...
fetch_docker() {
  local name
  # Debian 13 has the client in a package of its own.
  unpack docker docker.io 'docker-cli?'
  mkdir -p "$WORK/bin"
  for name in "$@"; do
    write_wrapper docker "$name"
    "$WORK/bin/$name" --version
  done
}

setup_docker() {
  setup_unpacked docker "250 MB unpacked, in which the tests run Spark in containers" fetch_docker "${DOCKER_PROGRAMS[@]}"
}
