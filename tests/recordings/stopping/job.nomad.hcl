job "recorded-stopping" {
  type = "batch"

  group "g" {
    count = 1

    restart {
      attempts = 0
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    task "work" {
      driver       = "raw_exec"
      kill_timeout = "20s"
      kill_signal  = "SIGTERM"

      config {
        command = "/bin/sh"
        args    = ["-c", "trap 'sleep 8; exit 0' TERM; while :; do sleep 0.2; done"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
