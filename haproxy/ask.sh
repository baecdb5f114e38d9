#!/bin/bash
# What clients meet at the floating address, asked from an edge host. For whoever asks from where no route leads to it.
#
#   ask.sh ADDRESS RPC_PORT UI_PORT
#
# Prints a line each: the edge host that answers, the masters that its HAProxy knows, Spark's status, and `rpc` where a Spark
# client gets an answer. The question is a StreamRequest of Spark's RPC for the file /files/nomspark, and the answer repeats its name.
address=$1 rpc_port=$2 ui_port=$3

get() {
  exec 3<>"/dev/tcp/$address/$ui_port" || exit 1
  printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
  timeout 2 cat <&3 | sed '1,/^\r*$/d' | tr -d '\r\n'
  exec 3>&-
  echo
}

get /nomspark/holder
get /nomspark/masters
get /json/status
exec 3<>"/dev/tcp/$address/$rpc_port" || exit 1
printf '\0\0\0\0\0\0\0\034\006\0\0\0\017/files/nomspark' >&3
[[ $(timeout 2 head -c 28 <&3 | tr -d '\0') == *$'\b'*/files/nomspark ]] && echo rpc
