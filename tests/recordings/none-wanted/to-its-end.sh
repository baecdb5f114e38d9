until [[ $(nomad job deployments -json "$JOB" | grep -c '"Status": "successful"') == 1 ]]; do sleep 0.2; done
nomad job scale -detach "$JOB" g 0
until [[ $(nomad job allocs -json "$JOB" | grep -c '"ClientStatus": "complete"') == 1 ]]; do sleep 0.2; done
