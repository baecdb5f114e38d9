# Each address alone is well; they do not fit together.
edge {
  vip = "172.16.1.10/24"

  host "borie" {
    address   = "172.16.1.10"
    interface = "enp0s3"
  }

  host "republique" {
    address   = "172.16.1.10"
    interface = "enp0s3"
  }

  host "wacken" {
    address   = "172.16.1.255"
    interface = "enp0s3"
  }

  host "orangerie" {
    address   = "172.16.2.1"
    interface = "enp0s3"
  }

  host "krutenau" {
    address   = "fd00::1"
    interface = "enp0s3"
  }
}
