#!/usr/bin/env bash
# What takes too long for a test: many drills in a row, and half an hour of WordCounts in which no master may be replaced.
#
#   soak.sh [--each ROUNDS] [--crashes ROUNDS] [--calm MINUTES]
#
# On three hosts in network namespaces, so for root. Reports go to target/soak.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh

each=5 crashes=50 calm=30
while (($# > 0)); do
  case $1 in
    --each) each=${2:?} ;;
    --crashes) crashes=${2:?} ;;
    --calm) calm=${2:?} ;;
    *) fail "soak.sh does not know $1" "usage: tools/soak.sh [--each ROUNDS] [--crashes ROUNDS] [--calm MINUTES]" ;;
  esac
  shift 2
done
((EUID == 0)) || fail "three hosts need root" "run it as root"

tools/setup.sh
. tools/env.sh
nomspark=$PWD/target/release/nomspark
reports=$PWD/target/soak
mkdir -p "$reports"

# A lab of its own, beside one of make demo.
state=$(mktemp -d)
export XDG_STATE_HOME=$state
end() {
  "$nomspark" lab down >&2 || :
  rm -rf "$state"
  clean_up
}
trap end EXIT

# examples/lab.hcl with the addresses of this lab and two masters.
spec=$state/soak.hcl
sed 's/198\.18\.0\./198.18.90./g' examples/lab.hcl >"$spec"
printf '%s {\n  count = 2\n}\n' master worker >>"$spec"
"$nomspark" lab up --nodes 3 --network 198.18.90.0/24 >&2
lab=$("$nomspark" lab env)
eval "$lab"
"$nomspark" deploy --file "$spec" >&2

# Whether a file has the words of the book and how often they stand there.
is_right() {
  python3 - "$1" examples/alice.txt <<'PYTHON'
import collections, sys
with open(sys.argv[2], encoding="utf-8") as book:
    words = collections.Counter(book.read().split())
with open(sys.argv[1], encoding="utf-8") as counts:
    rows = (line.rstrip("\n").split("\t") for line in counts)
    sys.exit(words != {word: int(count) for count, word in rows})
PYTHON
}

# The lock's session and the moment of the election: they change with every takeover.
leader() {
  "$nomspark" status -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["leader"])'
}

drill() {
  local scenario=$1 rounds=$2
  ((rounds > 0)) || return 0
  "$nomspark" drill "$scenario" --file "$spec" --rounds "$rounds" --yes --report "$reports/$scenario.html" |
    tee "$reports/$scenario.txt"
}

drill all "$each"
drill master-crash "$crashes"

if ((calm > 0)); then
  before=$(leader) counted=0 until=$((SECONDS + 60 * calm))
  while ((SECONDS < until)); do
    "$nomspark" wordcount --file "$spec" --input examples/alice.txt --output "$reports/words.tsv" 2>>"$reports/wordcounts.log"
    is_right "$reports/words.tsv" || fail "a WordCount was wrong" "its counts are in $reports/words.tsv"
    counted=$((counted + 1))
  done
  [[ $(leader) == "$before" ]] || fail "the master was replaced though nothing had failed" "before: $before" "now: $(leader)"
  say "==> soak: $counted WordCounts in $calm minutes were right, and the same master leads"
fi
