runtime {
  driver     = "exec"
  spark_home = "/srv/spark-4.1.0"
}
