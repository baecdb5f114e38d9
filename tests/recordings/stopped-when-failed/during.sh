until nomad job status "$JOB" | grep -q " failed "; do sleep 0.2; done
nomad job stop -detach "$JOB"
