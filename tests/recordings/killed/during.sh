allocation=$(curl --silent "$NOMAD_ADDR/v1/job/$JOB/allocations" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["ID"])')
nomad alloc signal -s SIGKILL "$allocation"
