#!/bin/bash
# Has HAProxy read its configuration again, until it knows the masters that stand there.
#
#   reload.sh STATISTICS_PORT
#
# HAProxy loses a signal that arrives while it still follows the one before, and two changes soon after another are what
# a master that is replaced looks like. Nomad waits for this script before it renders the next change.
folder=${0%/*} port=$1

wanted() { sed -n '/^backend masters/,/^backend uis/s/^  server \([^ ]*\) .*/\1/p' "$folder/haproxy.cfg" | sort; }

# The servers that HAProxy's statistics list.
known() {
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return
  printf 'GET /;csv HTTP/1.0\r\n\r\n' >&3
  timeout 2 sed -n '/^masters,BACKEND,/d; s/^masters,\([^,]*\),.*/\1/p' <&3 | sort
}

for ((round = 0; round < 100; round++)); do
  # Again every second: the first signals may be lost.
  ((round % 10 > 0)) || kill -USR2 "$(<"$folder/haproxy.pid")"
  sleep 0.1
  if seen=$(known 2>/dev/null) && [[ $seen == "$(wanted)" ]]; then exit 0; fi
done
echo "HAProxy does not know the masters of $folder/haproxy.cfg" >&2
exit 1
