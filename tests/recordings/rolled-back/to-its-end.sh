# Once version 0 is stable, a version that fails: Nomad goes back by itself.
until [[ $(nomad job deployments -json "$JOB" | grep -c '"Status": "successful"') == 1 ]]; do sleep 0.2; done
nomad job run -detach -var 'command=exit 4' rolled-back/job.nomad.hcl
until [[ $(nomad job deployments -json "$JOB" | grep -c '"Status": "successful"') == 2 ]]; do sleep 0.2; done
