# What the edge's token needs: HAProxy's list of the masters, and keepalived's note of who holds the floating address.
# Replace spark with the name of your cluster.
#
#   consul acl policy create -name nomspark-edge -rules @edge.policy.hcl

service_prefix "spark-master" {
  policy = "read"
}

node_prefix "" {
  policy = "read"
}

key "nomspark/spark/edge/holder" {
  policy = "write"
}
