datacenters = ["dc1", "eu-*"]

runtime {
  driver = "docker"
}

edge {
  driver = "docker"
  image  = "registry.example:5000/platform/edge:2026.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  vip    = "10.20.0.9/24"

  host "borie" {
    address   = "10.20.0.11"
    interface = "eth0"
  }

  host "republique" {
    address   = "10.20.0.12"
    interface = "eth0"
  }
}
