name = "a-name-of-exactly-forty-characters-00000"

master {
  memory = "64GiB"
}

worker {
  count  = 10000
  cores  = 1024
  memory = "1TiB"
}
