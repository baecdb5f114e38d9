# What the workers' token needs to find the masters. Replace spark with the name of your cluster.
#
#   consul acl policy create -name nomspark-worker -rules @worker.policy.hcl

service_prefix "spark-master" {
  policy = "read"
}

# The addresses behind the service.
node_prefix "" {
  policy = "read"
}
