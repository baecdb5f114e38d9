job "recorded-cut-off" {
  type = "batch"

  group "g" {
    constraint {
      attribute = "${node.unique.name}"
      operator  = "!="
      value     = "borie"
    }

    disconnect {
      lost_after = "5m"
      replace    = true
      reconcile  = "keep_original"
    }

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 75"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
