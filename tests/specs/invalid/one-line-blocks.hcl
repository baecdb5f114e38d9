worker { cores = 0 }
master { recovery = "zookeeper" }
runtime { drivr = "exec" }
