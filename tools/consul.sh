# Consul: the user's own, otherwise the binary of Debian's package. Only the suite
# bullseye has one, so it is fetched with sources of its own; signatures are checked
# all the same. Sourced by setup.sh, after debian.sh.
# shellcheck shell=bash

CONSUL_VERSION=1.8.7
DEBIAN_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg

consul_missing() {
  ! on_path consul >/dev/null && ! { stamped consul "$CONSUL_VERSION" && [[ -x $TOOLS/bin/consul ]]; }
}

# The mirrors of Debian's own archive that this machine uses.
debian_mirrors() {
  # shellcheck disable=SC2016 # apt, not the shell, fills in $(ORIGIN)
  apt-get indextargets "$@" --format '$(ORIGIN)|$(LABEL)|$(RELEASE)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' '
      $3 ~ /[-\/]/ { next } # security, updates, backports: not the main archive
      $1 == "Debian" && $2 == "Debian" { print $4 }
      $1 == "$(ORIGIN)" && $4 ~ /^([a-z+]+:\/\/[^\/]+\/debian\/?|mirror\+file:.*debian.*)$/ { print $4 }' |
    sort -u
}

fetch_consul() {
  local mirrors apt=$WORK/apt
  mapfile -t mirrors < <(debian_mirrors)
  # Before the first `apt-get update` apt does not know whose a source is: then its path must tell.
  ((${#mirrors[@]} > 0)) || mapfile -t mirrors < <(debian_mirrors --no-release-info)
  ((${#mirrors[@]} > 0)) || { echo "apt has no source for Debian's own archive: put a consul on PATH" >&2; return 1; }
  [[ -f $DEBIAN_KEYS ]] || { echo "$DEBIAN_KEYS is not there: install debian-archive-keyring" >&2; return 1; }
  private_apt "$apt"
  printf "deb [signed-by=$DEBIAN_KEYS target=Packages lang=none] %s bullseye main\n" "${mirrors[@]}" >"$apt/sources.list"
  cat >>"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
CONF
  cd "$apt" || return
  apt-get -c "$apt/apt.conf" -o APT::Update::Error-Mode=any update
  apt-get -c "$apt/apt.conf" download "consul=$CONSUL_VERSION*"
  dpkg-deb -x consul_*.deb "$apt/package"
  mv "$apt/package/usr/bin/consul" "$WORK/consul"
  "$WORK/consul" version
}

setup_consul() {
  local path
  if path=$(on_path consul); then
    say "    consul: $path, found on PATH"
  elif consul_missing; then
    step consul "fetching Debian's Consul $CONSUL_VERSION, where services find each other and leaders are elected" \
      "5 to 10 seconds" fetch_consul
    mkdir -p "$TOOLS/bin"
    mv -f "$WORK/consul" "$TOOLS/bin/consul"
    stamp consul "$CONSUL_VERSION"
  else
    say "    consul: $CONSUL_VERSION is in .tools/bin"
  fi
}
