#!/bin/bash
# Has HAProxy read its configuration again, until it knows the masters that stand there.
#
#   reload.sh STATISTICS_PORT
#
# HAProxy loses a signal that arrives while it still follows the one before, and two changes soon after another are what
# a master that is replaced looks like. Nomad waits for this script before it renders the next change.
folder=${0%/*} statistics_port=$1

wanted() { sed -n '/^backend masters/,/^backend uis/s/^  server \([^ ]*:[^ ]*\) .*/\1/p' "$folder/haproxy.cfg" | sort; }

# The masters that HAProxy's statistics list, each with its status.
statistics() {
  exec 3<>"/dev/tcp/127.0.0.1/$statistics_port" || return
  printf 'GET /;csv HTTP/1.0\r\n\r\n' >&3
  timeout 2 sed -nE '/^masters,(nobody|BACKEND),/d; s/^masters,([^,]*),([^,]*,){15}([^,]*),.*/\1 \3/p' <&3
} 2>/dev/null

names() { cut -d ' ' -f 1 | sort; }
up() { sed -n 's/ UP.*//p' | sort; }

# Whether the configuration is worth a new process now. Clients that came while no master was up wait in the process that they
# came to, and lose their connections with it. So where nothing but masters that are gone would change, theirs comes first, for
# 10 s at most: one of those that stay leads next, and HAProxy leads them there within 0.2 s.
is_time() {
  local known both wanted end=$((SECONDS + 10)) waited=''
  wanted=$(wanted)
  while ((SECONDS < end)); do
    known=$(statistics) || return 0
    both=$(comm -12 <(names <<<"$known") - <<<"$wanted")
    [[ -n $both && $both == "$wanted" ]] || return 0
    if [[ -n $(comm -12 <(up <<<"$known") - <<<"$wanted") ]]; then
      [[ -z $waited ]] || sleep 0.5
      return 0
    fi
    [[ $both != "$(names <<<"$known")" ]] || return 1
    waited=yes
    sleep 0.1
  done
}

# What a new process is to believe until its first checks, in the form of HAProxy's own `show servers state`: the master that
# was up is up, and nobody else. Without it a new process takes every master for up, and one on a lost host for a second.
# HAProxy believes the ports of this file, not those of its configuration: a 0 there leads every connection nowhere.
states() {
  local known up server address port check_port state
  echo 1
  known=$(statistics) || return
  up=$(up <<<"$known")
  while read -r server; do
    address=${server%:*:*} check_port=${server##*:}
    port=${server#"$address":} port=${port%:*}
    # Operational state, administrative state, weights, seconds, then what a check reported: 2 is running, 0 is stopped.
    if grep -Fqx "$server" <<<"$up"; then state='2 0 1 1 0 15 3 1 6'; else state='0 0 1 1 0 7 2 0 6'; fi
    echo "1 masters 1 $server $address $state 0 0 0 - $port - 0 $check_port - - 0"
  done < <(wanted)
}

# A HAProxy that is started anew, at whatever time, finds out by itself who is up.
trap 'echo 1 >"$folder/servers.state"' EXIT

is_time || exit 0
for ((round = 0; round < 100; round++)); do
  # Again every second: the first signals may be lost.
  if ((round % 10 == 0)); then
    states >"$folder/servers.state"
    pid=$(<"$folder/haproxy.pid")
    # Whoever has the number of one that has ended would end by the signal.
    runs=$(<"/proc/$pid/comm")
    if [[ $runs == haproxy ]]; then kill -USR2 "$pid"; else echo "process $pid of haproxy.pid is ${runs:-gone}" >&2; fi
  fi
  sleep 0.1
  if known=$(statistics) && [[ $(names <<<"$known") == "$(wanted)" ]]; then
    exit 0
  fi
done
echo "HAProxy does not know the masters of $folder/haproxy.cfg" >&2
exit 1
