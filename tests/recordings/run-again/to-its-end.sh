# Once it is done it is run again with more memory than any node has.
until [[ $(nomad job status -json "$JOB" 2>/dev/null | grep -c '"ClientStatus": "complete"') != 0 ]]; do sleep 0.2; done
sed 's/memory = 20/memory = 10000000/' run-again/job.nomad.hcl | nomad job run -detach -
until nomad job status "$JOB" | grep -q 'Placement Failure'; do sleep 0.2; done
