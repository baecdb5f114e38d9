#!/usr/bin/env bash
# Records what a real Nomad says of a job from before its start to its end: the event stream, and a listing afterwards.
#
#   record.sh NAME...   on a lab of three hosts for root: eval "$(nomspark lab env)"
#
# NAME/job.nomad.hcl is run; NAME/during.sh, where there is one, as soon as it runs, with JOB, and HOST where it runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

api() { curl --silent --show-error --fail "$NOMAD_ADDR/v1/$1"; }

allocations() { api "job/$1/allocations" | python3 -c "import json, sys; $2"; }

record() {
  local name=$1 job=recorded-$1 host
  local topics=()
  for topic in Job Allocation Evaluation Deployment; do topics+=(--data-urlencode "topic=$topic:$job"); done
  curl --silent --no-buffer --get "${topics[@]}" "$NOMAD_ADDR/v1/event/stream" >"$name/events.ndjson" &
  local stream=$!
  sleep 1
  nomad job run -detach "$name/job.nomad.hcl" >&2
  if [[ -e $name/during.sh ]]; then
    until host=$(allocations "$job" 'print(next(a["NodeName"] for a in json.load(sys.stdin) if a["ClientStatus"] == "running"))' 2>/dev/null); do
      sleep 0.2
    done
    JOB=$job HOST=$host bash "$name/during.sh" >&2
  fi
  until [[ $(api "job/$job" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Status"])') == dead ]]; do sleep 0.5; done
  sleep 1
  python3 - "$name/listing.json" "$(api "job/$job")" "$(api "job/$job/allocations")" "$(api "job/$job/evaluations")" <<'PYTHON'
import json, sys
job, allocations, evaluations = map(json.loads, sys.argv[2:])
with open(sys.argv[1], "w", encoding="utf-8") as listing:
    json.dump({"job": job, "allocations": allocations, "evaluations": evaluations}, listing)
PYTHON
  kill "$stream"
  nomad job stop -purge -detach "$job" >&2
}

for name; do record "$name"; done
