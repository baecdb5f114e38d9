#!/usr/bin/env bash
# From a fresh clone to counted words: set up, start a cluster on this machine, deploy Spark, run WordCount.
# As root the cluster has three hosts, and the floating address of the master moves while an application runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
tools/setup.sh
. tools/env.sh
nomspark=target/release/nomspark

three_hosts() { ((EUID == 0)) && unshare --net true 2>/dev/null; }

if three_hosts; then
  "$nomspark" lab up --nodes 3
else
  "$nomspark" lab up
fi
lab=$("$nomspark" lab env) # on its own line: `eval "$(...)"` would hide a failure
eval "$lab"
if three_hosts; then
  "$nomspark" deploy --file examples/lab.hcl
else
  "$nomspark" deploy
fi
"$nomspark" wordcount --input examples/alice.txt
if three_hosts; then
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
