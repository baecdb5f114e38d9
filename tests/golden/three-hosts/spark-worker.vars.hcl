cluster = "spark"
nomspark_version = "VERSION"
datacenters = [
  "*"
]
node_pool = "default"
driver = "raw_exec"
image = null
spark_home = "/opt/spark"
conf = {
  "spark.worker.preferConfiguredMasterAddress" = "true"
}
links = [
  {
    "label" = "Spark's documentation"
    "url" = "https://spark.apache.org/docs/latest/spark-standalone.html"
  }
]
count = 2
masters = "172.16.3.0:7077"
worker_cores = 1
worker_memory = 1024
cpu = 1000
memory = 2048
heap = 384
