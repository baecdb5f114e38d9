job "recorded-tries-again" {
  type = "system"

  constraint {
    attribute = "${node.unique.name}"
    value     = "borie"
  }

  # No deployment, which would have Nomad place another one.
  update {
    max_parallel = 0
  }

  group "g" {
    count = 1

    restart {
      attempts = 0
      mode     = "fail"
    }

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 1; exit 5"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
