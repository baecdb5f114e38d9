# HAProxy and keepalived change the host's network, and no public image holds both.
edge {
  driver    = "exec"
  container = "registry.example/edge:1"
  vip       = "172.16.3.0/16"

  host "borie" {
    address   = "172.16.1.10"
    interface = "enp0s3"
    driver    = "docker"
  }

  host "republique" {
    address   = "172.16.1.25"
    interface = "enp0s3"
    image     = "registry.example/edge:1"
  }
}
