job "recorded-stopped-when-failed" {
  type = "batch"

  reschedule {
    attempts  = 0
    unlimited = false
  }

  group "fails" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 1; exit 7"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }

  group "goes-on" {
    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sleep"
        args    = ["600"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
