#!/usr/bin/env bash
# Installs what is missing into .tools and builds target/release/nomspark.
# With --for-tests it asks for what the tests need and leaves the release build out,
# because they build their own; with --for-soak for what tools/soak.sh needs. Run again at any time: what is there is not fetched again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
. tools/debian.sh
. tools/nomad.sh
. tools/consul.sh
. tools/edge.sh
. tools/docker.sh
. tools/spark.sh
. tools/needs.sh

purpose=
case ${1:-} in
  '') ;;
  --for-tests) purpose=tests ;;
  --for-soak) purpose=soak ;;
  *) fail "usage: tools/setup.sh [--for-tests|--for-soak]" ;;
esac

mkdir -p "$TOOLS"
exec 9>"$TOOLS/lock"
if ! flock -n 9; then
  say "==> another set-up is running here; waiting for it"
  until flock -w 10 9; do say "    waiting: $SECONDS s"; done
fi
new_work

check_needs "$purpose"
setup_consul "$purpose"
setup_edge
[[ $purpose != tests ]] || setup_docker
setup_spark
setup_other_sparks "$purpose"
setup_nomad
setup_oldest_nomad "$purpose"
if [[ $purpose != tests ]]; then
  step nomspark "building target/release/nomspark" "5 minutes the first time, 1 second when nothing changed" \
    cargo build --release --locked
fi
say "==> set-up complete after $SECONDS s"
