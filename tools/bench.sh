#!/usr/bin/env bash
# Measures nomspark and what people would use instead, side by side. Changes no file of the repository
# unless --write is given, which renews the table in docs/performance.md; --help shows the other options.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh
tools/setup.sh
. tools/env.sh

# cargo's own words on standard error go to the log of the step, the program's path to the file.
# Then target/release/nomspark again: built for a benchmark, it has what the tests' libraries ask of shared ones.
build() {
  export CARGO_TERM_PROGRESS_WHEN=never
  cargo bench --locked --no-run --bench figures --message-format=json >"$TOOLS/log/figures.json"
  cargo build --locked --release
}

step bench "building the benchmark" "3 minutes the first time" build
figures=$(sed -nE 's/.*"kind":\["bench"\].*"name":"figures".*"executable":"([^"]+)".*/\1/p' "$TOOLS/log/figures.json" | tail -n 1)
[[ -x $figures ]] || fail "cargo built no benchmark" "the whole log is in .tools/log/bench.log"
say "==> bench: measuring (usually 50 minutes; Ctrl-C cleans up)"
# In place of this shell: the program itself cleans up when it is interrupted.
exec "$figures" "$@"
