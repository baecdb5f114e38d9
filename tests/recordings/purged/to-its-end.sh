nomad job stop -purge -detach "$JOB"
