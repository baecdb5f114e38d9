#!/usr/bin/env bash
# What takes too long for a test: many drills in a row, half an hour of WordCounts in which no master may be replaced, jobs
# from seeds, of which nomspark must tell what Nomad's own state tells, and the tests with every line of Spark that is
# supported, and with the oldest Nomad.
#
#   soak.sh [--each ROUNDS] [--crashes ROUNDS] [--calm MINUTES] [--jobs COUNT] [--seed N] [--sparks yes|no] [--oldest-nomad yes|no]
#
# On three hosts in network namespaces, so for root. Reports go to target/soak.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/report.sh

each=5 crashes=50 calm=30 jobs=200 seed=1 sparks=yes oldest_nomad=yes
while (($# > 0)); do
  case $1 in
    --each) each=${2:?} ;;
    --crashes) crashes=${2:?} ;;
    --calm) calm=${2:?} ;;
    --jobs) jobs=${2:?} ;;
    --seed) seed=${2:?} ;;
    --sparks) sparks=${2:?} ;;
    --oldest-nomad) oldest_nomad=${2:?} ;;
    *) fail "soak.sh does not know $1" "usage: tools/soak.sh [--each ROUNDS] [--crashes ROUNDS] [--calm MINUTES] [--jobs COUNT] [--seed N]" \
      "       [--sparks yes|no] [--oldest-nomad yes|no]" ;;
  esac
  shift 2
done
((EUID == 0)) || fail "three hosts need root" "run it as root"

if [[ $sparks == yes || $oldest_nomad == yes ]]; then tools/setup.sh --for-soak; else tools/setup.sh; fi
. tools/env.sh
nomspark=$PWD/target/release/nomspark
reports=$PWD/target/soak
mkdir -p "$reports"

# Those that `make test` leaves out or shortens.
tests() { NOMSPARK_SOAK=1 CARGO_TERM_PROGRESS_WHEN=never cargo test --locked --test it -- --include-ignored --test-threads 1 "$@"; }

if [[ $sparks == yes ]]; then
  step --show sparks "every line of Spark that is supported" "3 minutes each" tests sparks::
fi
step --show masters "masters whose hosts are parted, every pair" "6 minutes" tests masters::
if [[ $oldest_nomad == yes ]]; then
  step --show oldest-nomad "the oldest Nomad that is supported" "4 minutes" tests oldest_nomad::
fi

# A lab of its own, beside one of make demo.
state=$(mktemp -d)
export XDG_STATE_HOME=$state
end() {
  "$nomspark" lab down >&2 || :
  rm -rf "$state"
  clean_up
}
trap end EXIT

# Jobs from seeds, of a Nomad of their own.
if ((jobs > 0)); then
  NOMSPARK_JOBS=$jobs NOMSPARK_SEED=$seed cargo test --locked --test it -- --ignored --nocapture generated::many_jobs |
    tee "$reports/jobs.txt"
fi

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

# Spark's own client, which knows nothing but the floating address, from outside of the hosts.
plain_client() {
  "$SPARK_HOME/bin/spark-submit" --master spark://198.18.90.100:7077 --total-executor-cores 1 --executor-memory 512m \
    --conf spark.driver.host=198.18.90.1 --conf spark.driver.bindAddress=198.18.90.1 --conf spark.ui.enabled=false \
    "$SPARK_HOME/examples/src/main/python/pi.py" 1 2>"$reports/plain-client.log" | grep '^Pi is roughly 3.1' ||
    fail "spark-submit got no answer at the floating address after $1" "its log is $reports/plain-client.log"
}

drill() {
  local report=$1 scenario=$2 rounds=$3
  ((rounds > 0)) || return 0
  "$nomspark" drill "$scenario" --file "$spec" --rounds "$rounds" --yes --report "$reports/$report.html" |
    tee "$reports/$report.txt"
  plain_client "$rounds rounds of $scenario"
}

for scenario in master-crash master-stop proxy address worker driver node host nomad-leader consul-leader; do
  drill "$scenario" "$scenario" "$each"
done
if ((each > 0)); then drill all all 1; fi
drill crashes master-crash "$crashes"

if ((calm > 0)); then
  before=$(leader) counted=0 until=$((SECONDS + 60 * calm))
  while ((SECONDS < until)); do
    "$nomspark" wordcount --file "$spec" --input examples/alice.txt --output "$reports/words.tsv" 2>>"$reports/wordcounts.log"
    is_right "$reports/words.tsv" || fail "a WordCount was wrong" "its counts are in $reports/words.tsv"
    counted=$((counted + 1))
  done
  if [[ $(leader) != "$before" ]]; then
    "$nomspark" logs spark-master >"$reports/masters.log" 2>&1 || :
    fail "the master was replaced though nothing had failed" "before: $before" "now: $(leader)" \
      "what the masters logged is in $reports/masters.log"
  fi
  say "==> soak: $counted WordCounts in $calm minutes were right, and the same master leads"
fi
