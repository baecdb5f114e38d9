#!/usr/bin/env bash
# Ends what demo.sh started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
. tools/env.sh
[[ -x target/release/nomspark ]] || fail "target/release/nomspark is not there" "make setup builds it"
exec target/release/nomspark lab down
