nomad job stop -detach "$JOB"
