job "recorded-each-node" {
  type = "sysbatch"

  group "g" {
    restart {
      attempts = 1
      interval = "1m"
      delay    = "1s"
      mode     = "fail"
    }

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 1; [ ${node.unique.name} != wacken ]"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
