job "recorded-out-of-memory" {
  type = "batch"

  group "g" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    task "work" {
      driver = "exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "exec tail /dev/zero"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
