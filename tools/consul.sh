# Consul: the user's own; otherwise a recent one, built from source with Go as tools/consul/go.mod pins it, for the tests, and for
# everything else too once it is there. Until then the binary of Debian's package, which takes seconds to fetch. Only the suite
# bullseye has one, so it is fetched with sources of its own; signatures are checked all the same. Sourced by setup.sh, after
# debian.sh and nomad.sh.
# shellcheck shell=bash

CONSUL_VERSION=$(sed -nE 's#^require github.com/hashicorp/consul v##p' "$ROOT/tools/consul/go.mod")
DEBIAN_CONSUL_VERSION=1.8.7
DEBIAN_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg

consul_stamp() { printf '%s %s' "$CONSUL_VERSION" "$(cat "$ROOT"/tools/consul/go.{mod,sum} | cksum)"; }

consul_is_built() { stamped consul-built "$(consul_stamp)" && [[ -x $TOOLS/consul-built/consul ]]; }
consul_is_fetched() { stamped consul-debian "$DEBIAN_CONSUL_VERSION" && [[ -x $TOOLS/consul-debian/consul ]]; }

# consul_to_build [tests]: whether it still has to be built.
consul_to_build() { [[ $1 == tests ]] && ! on_path consul >/dev/null && ! consul_is_built; }

# consul_to_fetch [tests]: whether Debian's still has to be fetched. The tests have both.
consul_to_fetch() {
  if [[ $1 == tests ]]; then ! consul_is_fetched; else ! on_path consul >/dev/null && ! consul_is_built && ! consul_is_fetched; fi
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
  apt-get -c "$apt/apt.conf" download "consul=$DEBIAN_CONSUL_VERSION*"
  dpkg-deb -x consul_*.deb "$apt/package"
  mv "$apt/package/usr/bin/consul" "$WORK/consul"
  "$WORK/consul" version
}

# keep_consul FOLDER STAMP
keep_consul() {
  mkdir -p "$TOOLS/$1"
  mv -f "$WORK/consul" "$TOOLS/$1/consul"
  stamp "$1" "$2"
}

# setup_consul [tests]
setup_consul() {
  local path
  if consul_to_fetch "$1"; then
    step consul "fetching Debian's Consul $DEBIAN_CONSUL_VERSION, where services find each other and leaders are elected" \
      "5 to 10 seconds" fetch_consul
    keep_consul consul-debian "$DEBIAN_CONSUL_VERSION"
  fi
  if path=$(on_path consul); then
    say "    consul: $path, found on PATH"
    return
  fi
  if consul_to_build "$1"; then
    step consul-build "building Consul $CONSUL_VERSION from source" "4 to 6 minutes on 2 cores, seconds with a warm Go cache" \
      build_tool "$ROOT/tools/consul" github.com/hashicorp/consul "$WORK/consul"
    keep_consul consul-built "$(consul_stamp)"
  fi
  mkdir -p "$TOOLS/bin"
  if consul_is_built; then
    ln -sfn ../consul-built/consul "$TOOLS/bin/consul"
    say "    consul: $CONSUL_VERSION is in .tools/bin"
  else
    ln -sfn ../consul-debian/consul "$TOOLS/bin/consul"
    say "    consul: $DEBIAN_CONSUL_VERSION, Debian's, is in .tools/bin"
  fi
}
