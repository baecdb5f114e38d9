#!/usr/bin/env bash
# From a fresh clone to counted words: set up, start a cluster on this machine, deploy Spark, run WordCount.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
tools/setup.sh
. tools/env.sh
nomspark=target/release/nomspark

"$nomspark" lab up
lab=$("$nomspark" lab env) # on its own line: `eval "$(...)"` would hide a failure
eval "$lab"
"$nomspark" deploy
"$nomspark" wordcount --input examples/alice.txt
"$nomspark" status

say "==> Nomad:  ${NOMAD_ADDR:-}/ui"
case ${CONSUL_HTTP_ADDR:-} in
  *://*) say "==> Consul: $CONSUL_HTTP_ADDR/ui" ;;
  *) say "==> Consul: http://${CONSUL_HTTP_ADDR:-}/ui" ;; # Consul accepts an address without a scheme
esac
say "==> Your own commands: eval \"\$($nomspark lab env)\", then $nomspark --help"
say "==> make demo-down ends it"
