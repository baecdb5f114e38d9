master {
  port    = 7077
  ui_port = 8080
}

worker {
  count = 0
}
