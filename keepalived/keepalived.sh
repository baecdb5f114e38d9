#!/bin/bash
# Runs keepalived as a Nomad task, in such a way that no end of it leaves the address behind.
#
#   keepalived.sh CONFIGURATION STATISTICS_PORT ADDRESS
#
# Beside keepalived it holds a connection to the local HAProxy open, whose end tells at once that HAProxy is gone.
configuration=$1 port=$2 address=$3
folder=${configuration%/*}

# Nothing ever arrives on this pipe: reading from it waits without starting a process.
exec {never}<> <(:)
pause() { read -r -t "$1" -u "$never" _; }

# child_of CHILD PARENT: whether the process that started a process is still there.
child_of() {
  local parent
  read -r _ _ _ parent _ <"/proc/$1/stat" && [[ $parent == "$2" ]]
}

# keepalived goes by this file: 0 means that HAProxy runs.
watch_haproxy() {
  local connection self=$BASHPID
  trap '' HUP
  while child_of "$self" $$; do
    if exec {connection}<>"/dev/tcp/127.0.0.1/$port"; then
      printf 0 >"$folder/haproxy.down"
      # HAProxy says nothing here; more than 128 is the end of the second, anything else that of the connection.
      while read -r -t 1 -u "$connection" _ || (($? > 128)); do
        child_of "$self" $$ || return
      done
      exec {connection}>&-
    else
      printf 1 >"$folder/haproxy.down"
      pause 0.1
    fi
  done
}

# keepalived drops what its scripts print. What notify.sh has to say comes through a file, to the task's log.
: >"$folder/notify.said"
rm -f "$folder/notify.failed"
exec {said}<"$folder/notify.said"
pass_on() {
  local line
  while read -r line <&"$said"; do printf '%s\n' "$line" >&2; done
}

printf 1 >"$folder/haproxy.down"
watch_haproxy 2>/dev/null &
watcher=$!

# keepalived does not start beside another one, which it knows by the number that it wrote down. After one that was killed
# the number may be that of any process, and in a container, where numbers begin anew, it is at once.
for file in "$folder"/{keepalived,vrrp}.pid; do
  if [[ -e $file ]] && ! grep -qsx keepalived "/proc/$(<"$file")/comm"; then
    rm "$file"
  fi
done

# A kernel with CONFIG_RT_GROUP_SCHED gives no real time to Nomad's control groups of version 1, as nobody set any aside for
# them. keepalived uses next to nothing and goes to the group of the whole host then.
leave_control_group() {
  local group
  group=/sys/fs/cgroup/cpu$(sed -En 's/^[0-9]+:cpu(,cpuacct)?://p' /proc/self/cgroup)
  if [[ $(<"$group/cpu.rt_runtime_us") == 0 ]]; then echo "$BASHPID" >/sys/fs/cgroup/cpu/cgroup.procs; fi
}

# On SIGTERM keepalived resigns and takes the address away. It gets one when this script ends in whatever way.
#
# It runs in real time: on a busy host it hears the others too late without, and takes the address from the one that has it.
{
  leave_control_group 2>/dev/null
  first=(chrt --rr 50)
  # As in a container.
  "${first[@]}" true 2>/dev/null || first=(nice -n -20)
  exec setpriv --pdeathsig TERM "${first[@]}" keepalived --dont-fork --log-console --log-detail \
    --use-file "$configuration" --pid "$folder/keepalived.pid" --vrrp_pid "$folder/vrrp.pid"
} &
keepalived=$!
trap 'kill -TERM "$keepalived"' TERM INT
trap 'kill -HUP "$keepalived"' HUP

# Nomad's executor is the parent. Without it nobody could stop this, and Nomad soon starts another. In a container there is
# none: the parent is 0, which never goes, and the end of this ends all that is in the container.
executor=$PPID
while kill -0 "$keepalived" 2>/dev/null; do
  child_of $$ "$executor" || kill -TERM "$keepalived"
  pass_on
  pause 0.1
done
wait "$keepalived"
status=$?
pass_on
# One that was killed could not do it itself, and another host is about to take the address.
/bin/bash "$folder/release.sh" "$address"
kill "$watcher" 2>/dev/null
exit "$status"
