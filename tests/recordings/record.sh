#!/usr/bin/env bash
# Records what a real Nomad says of a job from before its start to its end: the event stream, and a listing afterwards.
#
#   record.sh NAME...   on a lab of three hosts for root: eval "$(nomspark lab env)"
#
# NAME/job.nomad.hcl is run; NAME/during.sh, where there is one, as soon as it runs, with JOB, and HOST where it runs. The recording
# ends when the job is dead. Of a job that does not die, or not at once, NAME/to-its-end.sh does the same, and its end is that of
# the recording.
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
  local script
  for script in "$name"/during.sh "$name"/to-its-end.sh; do
    [[ -e $script ]] || continue
    until host=$(allocations "$job" 'print(next(a["NodeName"] for a in json.load(sys.stdin) if a["ClientStatus"] == "running"))' 2>/dev/null); do
      sleep 0.2
    done
    JOB=$job HOST=$host bash "$script" >&2
  done
  if [[ ! -e $name/to-its-end.sh ]]; then
    until [[ $(api "job/$job" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Status"])') == dead ]]; do sleep 0.5; done
  fi
  sleep 1
  python3 - "$name/listing.json" "$(api "job/$job" || echo null)" "$(api "job/$job/allocations")" "$(api "job/$job/evaluations")" \
    "$(api "job/$job/deployments")" <<'PYTHON'
import json, sys
job, allocations, evaluations, deployments = map(json.loads, sys.argv[2:])
with open(sys.argv[1], "w", encoding="utf-8") as listing:
    json.dump({"job": job, "allocations": allocations, "evaluations": evaluations, "deployments": deployments}, listing)
PYTHON
  kill "$stream"
  nomad job stop -purge -detach "$job" >&2 || : # it may be gone
}

for name; do record "$name"; done
