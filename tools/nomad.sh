# Nomad: the user's own when it is recent enough, otherwise built from source with
# Go, as the tool dependency that tools/go.mod pins. The oldest one that is supported is built for tools/soak.sh, as
# tools/oldest-nomad/go.mod pins it. Sourced by setup.sh.
# shellcheck shell=bash

NOMAD_OLDEST=1.8
NOMAD_VERSION=$(sed -nE 's#^require github.com/hashicorp/nomad v##p' "$ROOT/tools/go.mod")
OLDEST_NOMAD_VERSION=$(sed -nE 's#^require github.com/hashicorp/nomad v##p' "$ROOT/tools/oldest-nomad/go.mod")
GO_WANTED=$(sed -nE 's/^go //p' "$ROOT/tools/go.mod")

users_nomad() {
  local path
  path=$(on_path nomad) || return 1
  at_least "$("$path" version 2>/dev/null | sed -nE '1s/^Nomad v([0-9.]+).*/\1/p')" "$NOMAD_OLDEST" || return 1
  printf '%s\n' "$path"
}

# Version and dependencies: a changed go.sum alone is a reason to build again.
nomad_stamp() { printf '%s %s' "$NOMAD_VERSION" "$(cat "$ROOT/tools/go.mod" "$ROOT/tools/go.sum" | cksum)"; }

nomad_missing() {
  ! users_nomad >/dev/null && ! { stamped nomad "$(nomad_stamp)" && [[ -x $TOOLS/bin/nomad ]]; }
}

oldest_nomad_stamp() { printf '%s %s' "$OLDEST_NOMAD_VERSION" "$(cat "$ROOT"/tools/oldest-nomad/go.{mod,sum} | cksum)"; }

# oldest_nomad_missing [tests|soak]: whether it still has to be built.
oldest_nomad_missing() {
  [[ $1 == soak ]] && ! { stamped oldest-nomad "$(oldest_nomad_stamp)" && [[ -x $TOOLS/oldest/nomad ]]; }
}

# A Go that is recent enough: the one on PATH, or one that pip has put into .tools/golang.
go_command() {
  local go version
  for go in "$(command -v go)" "$TOOLS/golang/go/bin/go"; do
    [[ -x $go ]] || continue
    version=$(cd / && GOTOOLCHAIN=local "$go" env GOVERSION 2>/dev/null) || continue
    if at_least "${version#go}" "$GO_WANTED"; then
      printf '%s\n' "$go"
      return 0
    fi
  done
  return 1
}

# build_tool FOLDER PACKAGE PROGRAM [ARGUMENT...]: builds the tool that a folder's go.mod pins.
build_tool() {
  local package=$2 program=$3
  cd "$1" || return
  shift 3
  # No surprises from the user's settings: no workspace, no other toolchain, and cgo, because
  # Nomad's exec and java drivers enter namespaces with C code. TMPDIR: what a killed build leaves
  # goes away with the work folder. -v: the signs of life then name the package.
  GOWORK=off GOFLAGS='' GOTOOLCHAIN=local CGO_ENABLED=1 TMPDIR=$WORK "$(go_command)" build \
    -v -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w" "$@" -o "$program" "$package"
  "$program" version
}

setup_nomad() {
  local path
  if path=$(users_nomad); then
    say "    nomad: $path, found on PATH"
    return
  fi
  if path=$(on_path nomad); then say "    nomad: $path is older than $NOMAD_OLDEST and stays unused"; fi
  if nomad_missing; then
    step nomad "building Nomad $NOMAD_VERSION, the scheduler, from source with its web UI" \
      "4 to 7 minutes on 2 cores, seconds with a warm Go cache" build_tool "$ROOT/tools" github.com/hashicorp/nomad "$WORK/nomad" -tags ui,hashicorpmetrics
    mkdir -p "$TOOLS/bin"
    mv -f "$WORK/nomad" "$TOOLS/bin/nomad"
    stamp nomad "$(nomad_stamp)"
  else
    say "    nomad: $NOMAD_VERSION is in .tools/bin"
  fi
}

# setup_oldest_nomad [tests|soak]
setup_oldest_nomad() {
  [[ $1 == soak ]] || return 0
  if oldest_nomad_missing "$1"; then
    step oldest-nomad "building Nomad $OLDEST_NOMAD_VERSION, the oldest that is supported" \
      "4 to 7 minutes on 2 cores, seconds with a warm Go cache" build_tool "$ROOT/tools/oldest-nomad" github.com/hashicorp/nomad "$WORK/nomad"
    mkdir -p "$TOOLS/oldest"
    mv -f "$WORK/nomad" "$TOOLS/oldest/nomad"
    stamp oldest-nomad "$(oldest_nomad_stamp)"
  else
    say "    nomad: $OLDEST_NOMAD_VERSION is in .tools/oldest"
  fi
}
