# Debian's packages without installing them: unpacked below .tools, together with the
# libraries that the machine lacks. So neither root nor a change to the machine's apt
# is needed. Sourced by setup.sh, before those that use it.
# shellcheck shell=bash

# Libraries that fit this release of the distribution need not fit the next one.
# shellcheck disable=SC1091 # it is part of the system
release() { (. /etc/os-release && printf '%s %s' "$ID" "${VERSION_ID:-rolling}"); }

# machines_own NAME: on PATH, or in the folder for daemons, which not everybody's PATH has.
machines_own() {
  on_path "$1" && return
  [[ -x /usr/sbin/$1 ]] && printf '%s\n' "/usr/sbin/$1"
}

# program_of FOLDER NAME: the path of an unpacked program below its folder.
program_of() {
  local path
  for path in "usr/sbin/$2" "usr/bin/$2"; do
    if [[ -x $1/$path ]]; then
      printf '%s\n' "$path"
      return 0
    fi
  done
  return 1
}

# unpacked FOLDER NAME: did set-up unpack this program into .tools/FOLDER, for this system?
unpacked() { stamped "$1" "$(release)" && [[ -x $TOOLS/bin/$2 ]] && program_of "$TOOLS/$1" "$2" >/dev/null; }

# missing_of FOLDER NAME...: those that neither the machine nor .tools/FOLDER has, a line each.
missing_of() {
  local folder=$1 name
  shift
  for name in "$@"; do
    machines_own "$name" >/dev/null || unpacked "$folder" "$name" || printf '%s\n' "$name"
  done
}

# private_apt FOLDER: an apt with lists and packages of its own, since the machine's may be old or empty, and only
# root may renew them. Its settings are read after the machine's own, so proxies and certificates still hold.
# The hooks go: they would tell desktop services of an update that concerns only us.
# The sandbox user could not enter a clone below a private home.
private_apt() {
  mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
  cat >"$1/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State::Lists "$1/lists";
Dir::Cache "$1/cache";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
}

# write_wrapper FOLDER NAME: a program that finds the unpacked one, its libraries and its helpers wherever the checkout
# is moved to.
write_wrapper() {
  local libraries program
  libraries=$(cd "$WORK/$1" && find . \( -name '*.so' -o -name '*.so.*' \) -printf '%h\n' | sort -u | sed 's#^\.#$unpacked#' | paste -sd:)
  [[ -z $libraries ]] || libraries="export LD_LIBRARY_PATH=\"$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\""
  program=$(program_of "$WORK/$1" "$2")
  cat >"$WORK/bin/$2" <<WRAPPER
#!/bin/sh
# Debian's $2 with the libraries and programs that came with it.
unpacked=\$(dirname "\$(readlink -f "\$0")")/../$1
$libraries
export PATH="\$unpacked/usr/sbin:\$unpacked/usr/bin:\$PATH"
exec "\$unpacked/$program" "\$@"
WRAPPER
  chmod 755 "$WORK/bin/$2"
}

# unpack FOLDER PACKAGE...: with what they depend on and the machine lacks. A package that this release does not know
# and whose name ends with ? is left out.
unpack() {
  local folder=$1 apt=$WORK/debian-apt packages package wanted=()
  shift
  mkdir -p "$WORK/$folder"
  if [[ ! -d $apt ]]; then
    private_apt "$apt"
    # A source of somebody else's that does not answer is no matter, as long as the packages are found.
    apt-get -c "$apt/apt.conf" update || echo "some sources do not answer; trying what the others have" >&2
  fi
  cd "$apt" || return
  for package in "$@"; do
    if [[ $package != *'?' ]] || apt-cache -c "$apt/apt.conf" show "${package%?}" >/dev/null 2>&1; then
      wanted+=("${package%'?'}")
    fi
  done
  packages=$(apt-get -c "$apt/apt.conf" --simulate --no-install-recommends install "${wanted[@]}" | awk '$1 == "Inst" { print $2 }')
  # shellcheck disable=SC2086 # names of packages hold no spaces
  apt-get -c "$apt/apt.conf" download $packages
  for package in ./*.deb; do dpkg-deb -x "$package" "$WORK/$folder"; done
  rm -f ./*.deb
}

# keep FOLDER NAME...: what was unpacked, and the wrappers of these programs, become part of .tools.
keep() {
  local folder=$1 name
  shift
  if [[ -e $TOOLS/$folder ]]; then mv "$TOOLS/$folder" "$WORK/old-$folder"; fi
  mv "$WORK/$folder" "$TOOLS/$folder"
  mkdir -p "$TOOLS/bin"
  for name in "$@"; do mv -f "$WORK/bin/$name" "$TOOLS/bin/$name"; done
  stamp "$folder" "$(release)"
}

# setup_unpacked FOLDER WHAT-FOR FETCH NAME...: the machine's own programs, otherwise those that FETCH unpacks.
setup_unpacked() {
  local folder=$1 what_for=$2 fetch=$3 name path wanted=()
  shift 3
  for name in "$@"; do
    if path=$(machines_own "$name"); then
      say "    $name: $path, the machine's own"
    else
      wanted+=("$name")
    fi
  done
  if [[ $(missing_of "$folder" "$@") ]]; then
    step "$folder" "fetching Debian's ${wanted[*]}, $what_for" "10 to 20 seconds" "$fetch" "${wanted[@]}"
    keep "$folder" "${wanted[@]}"
  elif ((${#wanted[@]} > 0)); then
    say "    ${wanted[*]}: in .tools/bin"
  fi
}
