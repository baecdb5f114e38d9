#!/usr/bin/env bash
# From a fresh clone to counted words: set up, start a cluster on this machine, deploy Spark, run WordCount.
# As root the cluster has three hosts, and the floating address of the master moves while an application runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
tools/setup.sh
. tools/env.sh
nomspark=target/release/nomspark

hosts=() spec=()
if ((EUID == 0)) && unshare --net true 2>/dev/null; then
  hosts=(--nodes 3) spec=(--file examples/lab.hcl)
fi

"$nomspark" lab up "${hosts[@]}"
lab=$("$nomspark" lab env) # on its own line: `eval "$(...)"` would hide a failure
eval "$lab"
"$nomspark" deploy "${spec[@]}"
"$nomspark" wordcount --input examples/alice.txt
if ((${#hosts[@]} > 0)); then
  . tools/demo-takeover.sh
fi
"$nomspark" status

say "==> Nomad:  ${NOMAD_ADDR:-}/ui"
case ${CONSUL_HTTP_ADDR:-} in
  *://*) say "==> Consul: $CONSUL_HTTP_ADDR/ui" ;;
  *) say "==> Consul: http://${CONSUL_HTTP_ADDR:-}/ui" ;; # Consul accepts an address without a scheme
esac
say "==> Your own commands: eval \"\$($nomspark lab env)\", then $nomspark --help"
say "==> make demo-down ends it"
