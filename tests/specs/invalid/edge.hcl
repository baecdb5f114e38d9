# A floating address with something wrong in every line.
master {
  port    = 7077
  ui_port = 9000
}

edge "vrrp" {
  vip             = "172.16.3.0"
  router_id       = 256
  advert_interval = "60s"
  preempt         = "true"
  port            = 9000
  ui_port         = 8404
  stats_port      = 8404
  vrid            = 51
  floating_ip     = "172.16.3.0/16"

  host "borie" {
    address   = "172.16.1.10/16"
    interface = "enp0s3:1"
    priority  = 255
  }

  host "borie" {
    ip       = "172.16.1.25"
    nic      = "enp0s3"
    priority = 100
  }

  host {
    address   = "169.254.0.1"
    interface = "enp0s3"
    priority  = 100
  }

  host "wacken" "backup" {
    address   = "fd00::32"
    interface = "enp0s3"
    weight    = 50
  }

  host "straße 1" {
    address   = "172.16.1.40"
    interface = eth0
    port      = 7077
  }

  nodes {
  }
}

edge {
  vip = "172.16.3.1/16"
}
