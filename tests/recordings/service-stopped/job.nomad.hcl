job "recorded-service-stopped" {
  type = "service"

  group "g" {

    task "work" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "exec sleep 600"]
      }

      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
