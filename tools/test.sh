#!/usr/bin/env bash
# Everything that a change must pass, the quick checks first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
tools/setup.sh --for-tests
. tools/env.sh

no_leftovers() {
  local status=0
  grep -rnE '\b(dbg|todo|unimplemented)!|FIXME' src || status=$?
  ((status == 1)) # 1: grep found nothing; 2: it could not read
}

# Progress bars rewrite their line: nothing for a log.
export CARGO_TERM_PROGRESS_WHEN=never INSTA_UPDATE=no
step --show format "is everything formatted as rustfmt does it?" "1 second" cargo fmt --check
step --show leftovers "no dbg!, todo!, unimplemented! or FIXME in src" "1 second" no_leftovers
step --show clippy "lints, warnings are errors" "1 minute the first time" \
  cargo clippy --all-targets --locked -- -D warnings
step --show doc "documentation without broken links" "1 minute the first time" \
  env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --document-private-items
# Those in which every tenth of a second counts have the machine for themselves.
alone=(floating::whatever masters:: drill::every_fault address::plain)
# All others wait for real programs most of the time; which clusters fit beside one another, the tests themselves know.
step --show test "unit and integration tests, against real Nomad, Consul and Spark" "18 minutes" \
  cargo test --locked -- --test-threads "$(($(nproc) + 1))" "${alone[@]/#/--skip=}"
step --show alone "takeovers on three hosts" "13 minutes" \
  cargo test --locked --test it -- --test-threads 1 "${alone[@]}"
say "==> all passed after $SECONDS s"
