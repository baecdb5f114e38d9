# What the masters' token needs to elect a leader and to keep what a new one has to know. Replace spark with the name of
# your cluster.
#
#   consul acl policy create -name nomspark-master -rules @master.policy.hcl

key_prefix "nomspark/spark/master/" {
  policy = "write"
}

# The session with which a leader holds its lock.
session_prefix "" {
  policy = "write"
}
