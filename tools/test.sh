#!/usr/bin/env bash
# Everything that a change must pass, the quick checks first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
. tools/checks.sh
tools/setup.sh --for-tests
. tools/env.sh

check_the_code
# Those in which every tenth of a second counts have the machine for themselves.
alone=(floating::whatever masters:: drill::every_fault address::plain)
# All others wait for real programs most of the time; which clusters fit beside one another, the tests themselves know.
step --show test "unit and integration tests, against real Nomad, Consul and Spark" "18 minutes" \
  cargo test --locked -- --test-threads "$(($(nproc) + 1))" "${alone[@]/#/--skip=}"
step --show alone "takeovers on three hosts" "13 minutes" \
  cargo test --locked --test it -- --test-threads 1 "${alone[@]}"
say "==> all passed after $SECONDS s"
