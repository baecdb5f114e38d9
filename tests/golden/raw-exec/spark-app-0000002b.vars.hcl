cluster = "spark"
nomspark_version = "VERSION"
datacenters = [
  "*"
]
node_pool = "default"
driver = "raw_exec"
image = null
spark_home = "$${meta.spark_home}"
conf = {
  "spark.driver.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
  "spark.driver.memory" = "1gb"
  "spark.executor.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
  "spark.executor.heartbeatInterval" = "5s"
  "spark.executor.memory" = "512m"
  "spark.network.timeoutInterval" = "5s"
  "spark.shuffle.io.connectionCreationTimeout" = "5s"
  "spark.shuffle.io.connectionTimeout" = "30s"
  "spark.storage.blockManagerHeartbeatTimeoutMs" = "30s"
}
links = [
  {
    "label" = "Spark's documentation"
    "url" = "https://spark.apache.org/docs/latest/spark-standalone.html"
  }
]
id = "0000002b"
master = "spark://127.0.0.1:7077"
masters_ui = null
at_most = 600
cores_max = 3
avoid_nodes = [
  "7bf2b1a6-3a4f-4d0e-9d4b-0f3f6a1c2e55",
  "c0ffee00-1111-2222-3333-444455556666"
]
application = "APPLICATION"
cpu = 500
memory = 1408
heap = 1024
