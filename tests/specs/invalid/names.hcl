names = "a"
workers = 3
memory = "1GiB"
worker = 3
name {
}
wroker {
}
xyzzy {
}
master {
  instances = 2
  cores     = 2
  reovery   = "none"
}
worker {
  cpus = 2
  worker {
  }
}
