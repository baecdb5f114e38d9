# Everything that is wrong with this file is told at once, in its order.
name        = "Spark Cluster"
datacenters = ["dc1", "dc 2", "dc1", 3]
node_pool   = "a/b"
colour      = "red"

runtime "fast" {
  driver     = "podman"
  image      = "apache/spark:${version}"
  spark_home = "opt/spark"
}

master {
  count    = 2
  memory   = "1GB"
  recovery = "rocksdb"
  port     = 7077
  ui_port  = 7077
}

worker {
  wokers = 3
  cores  = 0
  memory = "2048"
  port   = 1
}

worker {
  count = 4
}

edge {
  vip = "172.16.3.0/16"
}

conf = {
  "spark.eventLog.enabled"           = true
  "spark.master"                     = "local"
  "spark.hadoop.fs.s3a.secret.key"   = "hunter2"
  "spark.executor.extraJavaOptions"  = " -Da=b"
  "eventLog.dir"                     = "/tmp"
  spark.ui.enabled                   = "false"
  "spark.driver.port"                = "${port}"
}
