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
  local name path wanted=()
  for name in "${DOCKER_PROGRAMS[@]}"; do
    if path=$(machines_own "$name"); then
      say "    $name: $path, the machine's own"
    else
      wanted+=("$name")
    fi
  done
  if docker_missing; then
    step docker "fetching Debian's Docker, 250 MB unpacked, in which the tests run Spark in containers" \
      "10 to 20 seconds" fetch_docker "${wanted[@]}"
    keep docker "${wanted[@]}"
  elif ((${#wanted[@]} > 0)); then
    say "    ${wanted[*]}: in .tools/bin"
  fi
}
