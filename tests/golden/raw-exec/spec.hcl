# The nodes are prepared: their meta says where Spark is, and raw_exec follows from that.
# What an engineer writes in Spark's own units.
conf = {
  "spark.driver.memory" = "1gb"
}

worker {
  cores  = 2
  memory = "512MiB"
}
