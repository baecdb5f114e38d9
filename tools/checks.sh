# What needs no cluster: format, lints and documentation. Sourced by check.sh and test.sh, after report.sh.
# shellcheck shell=bash

# Progress bars rewrite their line: nothing for a log.
export CARGO_TERM_PROGRESS_WHEN=never INSTA_UPDATE=no

no_leftovers() {
  local status=0
  grep -rnE '\b(dbg|todo|unimplemented)!|FIXME' src || status=$?
  ((status == 1)) # 1: grep found nothing; 2: it could not read
}

check_the_code() {
  step --show format "is everything formatted as rustfmt does it?" "1 second" cargo fmt --check
  step --show leftovers "no dbg!, todo!, unimplemented! or FIXME in src" "1 second" no_leftovers
  step --show clippy "lints, warnings are errors" "1 minute the first time" \
    cargo clippy --all-targets --locked -- -D warnings
  step --show doc "documentation without broken links" "1 minute the first time" \
    env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --document-private-items
}
