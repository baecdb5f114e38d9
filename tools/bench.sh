#!/usr/bin/env bash
# The benchmarks, on the same tools as everything else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
tools/setup.sh
. tools/env.sh
step --show bench "benchmarks" "several minutes" cargo bench --locked
