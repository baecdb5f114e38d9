#!/bin/bash
# Takes the floating address away from this host, its only argument, in case keepalived left it behind.
ip -o address show to "$1" | while read -r _ interface _ address _; do
  ip address delete "$address" dev "$interface"
done
