name        = null
datacenters = "dc1"
node_pool   = upper("x")
conf        = ["spark.a"]

runtime {
  driver     = docker
  image      = 1 + 1
  spark_home = { a = 1 }
}

master {
  memory   = true
  recovery = "raft"
}

worker {
  count  = var.count
  memory = ["1GiB"]
}
