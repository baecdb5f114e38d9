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
masters = null
masters_ui = null
remembered = true
worker_cores = 2
worker_memory = 512
cpu = 2000
memory = 1536
heap = 384
