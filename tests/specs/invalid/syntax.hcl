name = "spark"
worker {
  é = 1
  count =
}
