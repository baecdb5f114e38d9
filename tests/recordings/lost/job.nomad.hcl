job "recorded-lost" {
  type = "batch"

  group "g" {
    constraint {
      attribute = "${node.unique.name}"
      operator  = "!="
      value     = "borie"
    }

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 30"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
