# The least that a Consul token of nomspark's users needs: to find the services of the clusters and to see their checks.
#
#   consul acl policy create -name nomspark-operator -rules @operator.policy.hcl

# Greets the agent before anything is deployed.
agent_prefix "" {
  policy = "read"
}

# The addresses of the nodes behind the services.
node_prefix "" {
  policy = "read"
}

# NAME-master, NAME-master-ui and NAME-worker; narrow the prefix to the names of your clusters.
service_prefix "spark" {
  policy = "read"
}

# The clients of Nomad: `deploy` warns where two of them share a Consul agent.
service "nomad-client" {
  policy = "read"
}

# Who leads, and who holds the floating address: `status` tells both.
key_prefix "nomspark/" {
  policy = "read"
}
