nomad job stop -detach "$JOB"
until nomad job inspect "$JOB" | grep -q '"Stop": true'; do sleep 0.1; done
