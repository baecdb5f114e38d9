# The cluster of three-hosts.hcl in the lab: `nomspark lab up --nodes 3`, then `nomspark deploy --file examples/lab.hcl`

name = "spark"

runtime {
  driver = "raw_exec"
}

edge {
  vip = "198.18.0.100/24"

  host "borie" {
    address   = "198.18.0.11"
    interface = "eth0"
  }

  host "republique" {
    address   = "198.18.0.12"
    interface = "eth0"
  }

  host "wacken" {
    address   = "198.18.0.13"
    interface = "eth0"
  }
}
