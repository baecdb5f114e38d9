variable "command" {
  type    = string
  default = "sleep 600"
}

job "recorded-rolled-back" {
  type = "service"

  update {
    health_check      = "task_states"
    min_healthy_time  = "1s"
    healthy_deadline  = "10s"
    progress_deadline = "20s"
    auto_revert       = true
  }

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
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", var.command]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
