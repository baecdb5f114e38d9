edge {
  vip = "fd00:20::9/64"

  host "borie" {
    address   = "fd00:20::11"
    interface = "eth0"
  }

  host "republique" {
    address   = "fd00:20::12"
    interface = "eth0"
  }
}
