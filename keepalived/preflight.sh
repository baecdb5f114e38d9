#!/bin/bash
# Says on standard error what keeps this host from holding a floating address, a line for each reason. Changes nothing.
#
#   preflight.sh FOLDER VIP OURS PORT UI_PORT STATISTICS_PORT
#
# FOLDER holds haproxy.cfg and keepalived.conf. OURS is yes where this cluster's edge has the address already. INTERFACE and
# OWN_ADDRESS are this host's, OWN_PORTS are those on which the edge listens here already, with commas between them, and
# CONSUL_HTTP_ADDR is the host's Consul agent where that is not at 127.0.0.1:8500.
folder=$1 vip=$2 ours=$3
shift 3
interface=${INTERFACE:?} own_address=${OWN_ADDRESS:?} own_ports=,${OWN_PORTS:-}, address=${vip%/*} statistics=${*: -1}
status=0

problem() {
  printf '%s\n' "$*" >&2
  status=1
}

missing=()
for program in haproxy keepalived ip ss setpriv flock nice comm sed timeout; do
  command -v "$program" >/dev/null || missing+=("$program")
done
# notify.sh speaks plain HTTP by itself.
if [[ ${CONSUL_HTTP_ADDR:-} == https://* || ${CONSUL_HTTP_ADDR:-} == unix://* ]]; then
  command -v curl >/dev/null || missing+=(curl)
fi
if ((${#missing[@]} > 0)); then
  problem "it lacks ${missing[*]}: install Debian's packages haproxy, keepalived, iproute2, sed and util-linux, or what has them elsewhere"
  exit 1
fi

# `ip` asks the kernel for this network namespace; /sys may be that of another one.
interfaces=
while read -r _ name _; do
  name=${name%:}
  interfaces+=" ${name%@*}"
done < <(ip -o link show)

if [[ "$interfaces " != *" $interface "* ]]; then
  problem "it has no interface $interface; it has$interfaces"
elif [[ -z $(ip -o address show to "$own_address" dev "$interface") ]]; then
  problem "its interface $interface has no address $own_address"
elif [[ $ours != yes ]]; then
  # Whoever is sent something is looked for on the network first, unless it is known from before.
  ip neighbour flush to "$address" dev "$interface"
  { echo >"/dev/udp/$address/9"; } 2>/dev/null
  sleep 0.5
  if [[ -n $(ip -o address show to "$address") ]]; then
    problem "it has the address $address already, and not from this cluster"
  elif [[ $(ip neighbour show to "$address" dev "$interface") =~ lladdr\ ([0-9a-f:]+) ]]; then
    problem "another machine has the address $address already: the one whose link-layer address is ${BASH_REMATCH[1]}"
  fi
fi

for port; do
  if [[ $own_ports == *",$port,"* ]]; then continue; fi
  # HAProxy shows its statistics to the host alone, and everything else at the floating address alone.
  at=$address
  if [[ $port == "$statistics" ]]; then at=127.0.0.1; fi
  while read -r _ _ _ listens _ process; do
    case $listens in
      0.0.0.0:* | '*':* | '[::]':* | "$at":* | "[$at]":*)
        problem "its port $port is taken: something listens on $listens${process:+, $process}"
        ;;
    esac
  done < <(ss -Hltnp "sport = :$port")
done

said=$(haproxy -c -f "$folder/haproxy.cfg" 2>&1) ||
  problem "its HAProxy ($(haproxy -v | head -n 1)) does not take the configuration: ${said//$'\n'/; }"
said=$(keepalived -t -f "$folder/keepalived.conf" 2>&1) ||
  problem "its keepalived ($(keepalived -v 2>&1 | head -n 1)) does not take the configuration: ${said//$'\n'/; }"
exit "$status"
