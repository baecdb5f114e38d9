cluster = "spark"
nomspark_version = "VERSION"
datacenters = [
  "*"
]
node_pool = "default"
driver = "docker"
image = "apache/spark:4.1.0"
spark_home = "/opt/spark"
conf = {
  "spark.worker.timeout" = "15"
}
links = [
  {
    "label" = "Spark's documentation"
    "url" = "https://spark.apache.org/docs/latest/spark-standalone.html"
  }
]
count = 1
masters = null
masters_ui = null
remembered = true
worker_cores = 1
worker_memory = 1024
cpu = 1000
memory = 2048
heap = 384
