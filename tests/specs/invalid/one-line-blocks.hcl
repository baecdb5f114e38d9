worker { cores = 0 }
master { recovery = "consul" }
runtime { drivr = "exec" }
