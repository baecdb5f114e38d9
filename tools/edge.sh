# haproxy and keepalived, which keep a floating address in front of the masters: the
# machine's own, otherwise Debian's packages, unpacked beside the other tools together
# with the libraries that the machine lacks. Nothing is installed, so neither root nor
# a change to the machine's apt is needed. Sourced by setup.sh, after consul.sh.
# shellcheck shell=bash

EDGE_PROGRAMS=(haproxy keepalived)

# Libraries that fit this release of the distribution need not fit the next one.
# shellcheck disable=SC1091 # it is part of the system
edge_stamp() { (. /etc/os-release && printf '%s %s' "$ID" "${VERSION_ID:-rolling}"); }

# machines_own NAME: on PATH, or in the folder for daemons, which not everybody's PATH has.
machines_own() {
  on_path "$1" && return
  [[ -x /usr/sbin/$1 ]] && printf '%s\n' "/usr/sbin/$1"
}

edge_unpacked() { stamped edge "$(edge_stamp)" && [[ -x $TOOLS/bin/$1 && -x $TOOLS/edge/usr/sbin/$1 ]]; }

edge_missing() {
  local name
  for name in "${EDGE_PROGRAMS[@]}"; do
    machines_own "$name" >/dev/null || edge_unpacked "$name" || return 0
  done
  return 1
}

# write_wrapper NAME: a program that finds the unpacked one wherever the checkout is moved to.
write_wrapper() {
  local libraries
  libraries=$(cd "$WORK/edge" && find . -name '*.so*' -printf '%h\n' | sort -u | sed 's#^\.#$edge#' | paste -sd:)
  cat >"$WORK/bin/$1" <<WRAPPER
#!/bin/sh
# Debian's $1 with the libraries that came with it.
edge=\$(dirname "\$(readlink -f "\$0")")/../edge
export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "\$edge/usr/sbin/$1" "\$@"
WRAPPER
  chmod 755 "$WORK/bin/$1"
}

# fetch_edge NAME...
fetch_edge() {
  local apt=$WORK/edge-apt packages package name
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$WORK/edge" "$WORK/bin"
  # The machine's own sources, but lists of our own: its may be old or empty, and only root may renew them.
  # The hooks and the sandbox user go for the reasons that consul.sh has.
  cat >"$apt/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
  cd "$apt" || return
  # A source of somebody else's that does not answer is no matter, as long as the packages are found.
  apt-get -c "$apt/apt.conf" update || echo "some sources do not answer; trying what the others have" >&2
  packages=$(apt-get -c "$apt/apt.conf" --simulate --no-install-recommends install "$@" | awk '$1 == "Inst" { print $2 }')
  # shellcheck disable=SC2086 # names of packages hold no spaces
  apt-get -c "$apt/apt.conf" download $packages
  for package in ./*.deb; do dpkg-deb -x "$package" "$WORK/edge"; done
  for name in "$@"; do
    write_wrapper "$name"
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
    if [[ -e $TOOLS/edge ]]; then mv "$TOOLS/edge" "$WORK/old-edge"; fi
    mv "$WORK/edge" "$TOOLS/edge"
    mkdir -p "$TOOLS/bin"
    for name in "${wanted[@]}"; do mv -f "$WORK/bin/$name" "$TOOLS/bin/$name"; done
    stamp edge "$(edge_stamp)"
  elif ((${#wanted[@]} > 0)); then
    say "    ${wanted[*]}: in .tools/bin"
  fi
}
