name = "books"

worker {
  count = 3
}

edge {
  vip             = "10.20.0.9/24"
  router_id       = 7
  advert_interval = "1s 250ms"
  preempt         = false
  port            = 17077
  ui_port         = 18080
  stats_port      = 18404

  host "node-1.eu_west" {
    address   = "10.20.0.11"
    interface = "eth0"
  }

  host "NODE-2" {
    address   = "10.20.0.12"
    interface = "bond0.100"
    priority  = 254
  }

  host "3" {
    address   = "10.20.0.13"
    interface = "br-lan"
  }
}
