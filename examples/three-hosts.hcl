# Three Nomad clients, one address. `nomspark deploy --file examples/three-hosts.hcl`
#
# The address floats: keepalived (VRRP) puts it on one of the hosts, and HAProxy there sends connections on to the Spark
# master, wherever Nomad runs it. spark://172.16.3.0:7077 and http://172.16.3.0:8080 stay the same when a host fails.

name = "spark"

runtime {
  driver = "raw_exec" # must be enabled in the clients' configuration
}

master {
  # No fixed `port` or `ui_port`: HAProxy has 7077 and 8080 on the same hosts, and Nomad chooses others.
}

worker {
  count = 2 # on any client that has room, not on these three alone
}

edge {
  # With the prefix length of the hosts' network. In a /16, 172.16.3.0 is an address as any other; in a /24 it would be
  # the network itself.
  vip = "172.16.3.0/16"

  # Different for every group of VRRP routers on the network segment.
  router_id = 51

  # borie is preferred: it takes the address back 5 s after it is well again, which cuts the connections once more.
  # Leave it out where the hosts are equal, and the address stays where it is.
  preempt = true

  # The labels are the names of the Nomad clients, as `nomad node status` shows them. The highest priority holds the
  # address; the others follow in their order. `ip -brief address` on a host shows its interface and address.
  host "borie" {
    address   = "172.16.1.10"
    interface = "enp0s3"
    priority  = 150
  }

  host "republique" {
    address   = "172.16.1.25"
    interface = "enp0s3"
    priority  = 100
  }

  host "wacken" {
    address   = "172.16.1.32"
    interface = "enp0s3"
    priority  = 50
  }
}
