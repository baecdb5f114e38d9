# A container without an image.
edge {
  driver = "docker"
  vip    = "172.16.3.0/16"

  host "borie" {
    address   = "172.16.1.10"
    interface = "enp0s3"
  }

  host "republique" {
    address   = "172.16.1.25"
    interface = "enp0s3"
  }
}
