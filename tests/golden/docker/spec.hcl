name        = "books"
datacenters = ["dc1", "eu-*"]

runtime {
  image = "registry.example:5000/team/spark:4.1.0"
}

worker {
  count = 2
}
