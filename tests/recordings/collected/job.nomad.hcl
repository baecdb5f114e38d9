job "recorded-collected" {
  type = "sysbatch"

  group "group" {
    task "task" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "sleep 2"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
