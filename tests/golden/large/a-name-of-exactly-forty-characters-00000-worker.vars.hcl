cluster = "a-name-of-exactly-forty-characters-00000"
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
count = 10000
masters = null
masters_ui = null
remembered = true
worker_cores = 1024
worker_memory = 1048576
cpu = 1024000
memory = 1154073
heap = 384
