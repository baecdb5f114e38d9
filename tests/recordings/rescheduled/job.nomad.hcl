job "recorded-rescheduled" {
  type = "batch"

  group "g" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    reschedule {
      attempts       = 3
      interval       = "1h"
      delay          = "5s"
      delay_function = "constant"
      unlimited      = false
    }

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "runs=/tmp/$NOMAD_JOB_ID; echo >>$runs; [ $(wc -l <$runs) -ge 3 ] && rm $runs"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
