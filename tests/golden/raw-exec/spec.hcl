# The nodes are prepared: their meta says where Spark is, and raw_exec follows from that.
worker {
  cores  = 2
  memory = "512MiB"
}
