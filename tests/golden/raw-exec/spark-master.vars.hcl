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
  "spark.driver.memory" = "1gb"
  "spark.worker.timeout" = "15"
}
links = [
  {
    "label" = "Spark's documentation"
    "url" = "https://spark.apache.org/docs/latest/spark-standalone.html"
  }
]
count = 1
distinct_hosts = false
recovery = "consul"
recovery_plugin = "RECOVERY_PLUGIN"
zookeeper = ""
rpc_port = 0
ui_port = 0
cpu = 500
memory = 1024
heap = 768
