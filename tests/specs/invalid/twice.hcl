name = "a"
name = "b"

worker {
  count = 1
  cores = 2
  count = -3
}

conf = {
  "spark.a" = "1"
  "spark.b" = "2"
  "spark.a" = 3
}
name = "c"
node_pool = "???"
