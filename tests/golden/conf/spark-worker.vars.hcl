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
  "spark.eventLog.enabled" = "true"
  "spark.golden.backslash" = "C:\\new\\table \\u0041 \\"
  "spark.golden.braces" = "{{ key \"secret\" }} {{{x}}} }} {{"
  "spark.golden.directive" = "%%{if true}yes%%{endif} 100%"
  "spark.golden.dollar" = "$${NOMAD_ALLOC_ID} $(id) $HOME"
  "spark.golden.empty" = ""
  "spark.golden.equals" = "=a : b # c ! d"
  "spark.golden.heredoc" = "EOT\nEOT"
  "spark.golden.lines" = "one\ntwo\r\nthree\ttab"
  "spark.golden.quotes" = "\"double\" 'single' `back`"
  "spark.golden.unicode" = "Grüße, 東京 🚀  "
  "spark.golden.wild-*_key" = "x"
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
