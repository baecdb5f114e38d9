job "recorded-sidecar-waits" {
  type = "batch"

  group "g" {
    reschedule {
      attempts  = 0
      unlimited = false
    }

    task "shipper" {
      driver = "raw_exec"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        command = "/bin/sh"
        args    = ["-c", "exit 1"]
      }

      restart {
        attempts = 5
        interval = "10m"
        delay    = "60s"
        mode     = "delay"
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 3"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
