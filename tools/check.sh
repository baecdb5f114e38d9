#!/usr/bin/env bash
# The quick part of test.sh, for while one works: format, lints, documentation, and the tests that start no agent.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
. tools/checks.sh
tools/setup.sh --for-tests
. tools/env.sh

check_the_code
step --show units "unit tests" "3 seconds" cargo test --locked --lib --bins
pure=(cli:: documented_commands:: faults:: golden:: layers:: recordings:: seeds:: tested_versions::)
# Most of them wait for a server that a test plays.
step --show pure "tests of files, of recordings, and of servers that a test plays" "40 seconds" \
  cargo test --locked --test it -- --test-threads 8 "${pure[@]}"
say "==> all passed after $SECONDS s; \`make test\` has the rest"
