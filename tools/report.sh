# What every script here shares: how it talks, how it runs a long step, how it
# replaces a tool without ever leaving half of one behind. Sourced, not run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$ROOT/.tools
WORK=        # the temporary folder of this run, inside .tools so that a rename suffices
RUNNING_JOB= # the process group of the step that is running

say() { printf '%s\n' "$*" >&2; }

# fail WHAT [HINT...]
fail() {
  local hint
  say "error: $1"
  shift
  for hint in "$@"; do say "hint: $hint"; done
  exit 1
}

# step [--show] NAME WHAT USUAL COMMAND...: says what starts, runs it, gives a sign
# of life every 10 s (plain lines, so that a CI log shows them too), says how long
# it took. Its output goes to a log unless --show is given.
step() {
  local show=
  if [[ $1 == --show ]]; then
    show=yes
    shift
  fi
  local name=$1 what=$2 usual=$3 log=$TOOLS/log/$1.log begin=$SECONDS next=10 status=0 never
  shift 3
  say "==> $name: $what (usually $usual)"
  mkdir -p "$TOOLS/log"
  # A pipe on which nothing ever arrives: `read -t` on it waits without starting a process.
  exec {never}<> <(:)
  # `set -m` gives the job a process group of its own, so that an interrupt ends all of it.
  set -m
  if [[ $show ]]; then
    (set -e; "$@") </dev/null 9>&- &
  else
    (set -e; "$@") </dev/null >"$log" 2>&1 9>&- &
  fi
  RUNNING_JOB=$!
  set +m
  while kill -0 "$RUNNING_JOB" 2>/dev/null; do
    if ((SECONDS - begin >= next)); then
      say "    $name: $((SECONDS - begin)) s$([[ $show ]] || last_line "$log")"
      next=$((next + 10))
    fi
    read -r -t 0.1 -u "$never" _ || :
  done
  wait "$RUNNING_JOB" || status=$?
  RUNNING_JOB=
  exec {never}>&-
  if ((status != 0)); then
    if [[ -z $show ]]; then
      tail -n 40 "$log" >&2
      fail "$name: failed after $((SECONDS - begin)) s" "the whole log is in ${log#"$ROOT"/}"
    fi
    fail "$name: failed after $((SECONDS - begin)) s"
  fi
  say "==> $name: done after $((SECONDS - begin)) s"
}

# The end of a log as part of a sign of life: short, printable, without addresses.
last_line() {
  local line
  line=$(tail -n 1 "$1" 2>/dev/null | LC_ALL=C tr -cd '[:print:]' | sed -E 's#[a-z+]+://[^ ]*/#.../#g' | cut -c1-70)
  [[ -z $line ]] || printf ' (%s)' "$line"
}

stop_job() {
  local tries=50
  [[ $RUNNING_JOB ]] || return 0
  kill -INT -- "-$RUNNING_JOB" 2>/dev/null || :
  while ((tries-- > 0)) && kill -0 -- "-$RUNNING_JOB" 2>/dev/null; do sleep 0.1; done
  kill -KILL -- "-$RUNNING_JOB" 2>/dev/null || :
}

clean_up() {
  stop_job
  [[ -z $WORK ]] || rm -rf "$WORK"
}

trap clean_up EXIT
trap 'say "interrupted: the same command goes on from here"; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Sets WORK to a fresh folder. Only the holder of the lock may call this: it also
# removes what an earlier run that was killed has left.
new_work() {
  rm -rf "$TOOLS"/work.*
  WORK=$(mktemp -d "$TOOLS/work.XXXXXX")
  chmod 755 "$WORK"
}

# stamped NAME VERSION: is exactly this installed?
stamped() { [[ -f $TOOLS/stamps/$1 && $(<"$TOOLS/stamps/$1") == "$2" ]]; }

# stamp NAME VERSION: the last thing an installation does.
stamp() {
  mkdir -p "$TOOLS/stamps"
  printf '%s\n' "$2" >"$TOOLS/stamps/$1"
}

# on_path NAME: where the user has it, .tools/bin aside.
on_path() {
  local dirs dir
  IFS=: read -ra dirs <<<"$PATH"
  for dir in "${dirs[@]}"; do
    [[ $dir -ef $TOOLS/bin ]] && continue
    if [[ -f $dir/$1 && -x $dir/$1 ]]; then
      printf '%s\n' "$dir/$1"
      return 0
    fi
  done
  return 1
}

# at_least HAVE WANT
at_least() { [[ -n $1 ]] && printf '%s\n' "$2" "$1" | sort -VC; }
