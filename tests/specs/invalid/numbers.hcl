worker {
  count  = "3"
  cores  = 1.5
  memory = 1024
}

master {
  count   = 0
  memory  = "100MiB"
  port    = 65536
  ui_port = -1
}
