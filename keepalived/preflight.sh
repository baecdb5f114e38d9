#!/bin/bash
# Says on standard error what keeps this host from holding a floating address, a line for each reason. Changes nothing.
#
#   preflight.sh FOLDER VIP OURS PORT...
#
# FOLDER holds haproxy.cfg and keepalived.conf. OURS is yes where this cluster's edge may have the address and the ports.
# INTERFACE and OWN_ADDRESS are this host's.
folder=$1 vip=$2 ours=$3
shift 3
interface=${INTERFACE:?} own_address=${OWN_ADDRESS:?} address=${vip%/*}
status=0

problem() {
  printf '%s\n' "$*" >&2
  status=1
}

missing=()
for program in haproxy keepalived ip ss setpriv flock nice timeout; do
  command -v "$program" >/dev/null || missing+=("$program")
done
if ((${#missing[@]} > 0)); then
  problem "it lacks ${missing[*]}: install Debian's packages haproxy, keepalived, iproute2 and util-linux, or what has them elsewhere"
  exit 1
fi

