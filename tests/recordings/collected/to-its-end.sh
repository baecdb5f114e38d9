# Nomad keeps a job one of whose versions is tagged, and collects its allocations.
nomad job tag apply -name kept "$JOB"
until nomad job status "$JOB" | grep -q "complete"; do sleep 0.2; done
until [[ $(nomad job allocs -json "$JOB") == "[]" ]]; do
  nomad system gc
  sleep 0.5
done
