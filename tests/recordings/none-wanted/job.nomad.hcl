job "recorded-none-wanted" {
  type = "service"

  update {
    health_check     = "task_states"
    min_healthy_time = "1s"
  }

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
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 600"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
