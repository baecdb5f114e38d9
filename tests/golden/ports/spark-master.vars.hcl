cluster = "spark"
nomspark_version = "VERSION"
datacenters = [
  "*"
]
node_pool = "default"
driver = "docker"
image = "apache/spark:4.1.0"
spark_home = "/opt/spark"
conf = {}
links = [
  {
    "label" = "Spark's documentation"
    "url" = "https://spark.apache.org/docs/latest/spark-standalone.html"
  }
]
count = 1
distinct_hosts = false
recovery = "consul"
recovery_plugin = "RECOVERY_PLUGIN"
zookeeper = ""
consul_address = ""
rpc_port = 7077
ui_port = 8080
cpu = 500
memory = 1024
heap = 768
release = <<EOT
#!/bin/bash
# Gives back the lock of a Spark master that died, so that the others need not wait until its lease has ended.
#
# The master holds master.lock for as long as one of its processes lives, and writes into leader what it has to give
# back once it leads (see Handover.java); both are in the allocation's folder, beside this script's task.
lock=$NOMAD_ALLOC_DIR/master.lock leader=$NOMAD_ALLOC_DIR/leader

# Without a trap bash outlives a signal while it waits, until Nomad kills it.
trap 'kill "$!" 2>/dev/null; exit 0' INT TERM

while true; do
  if [[ -s $leader ]]; then
    # Its input ends when the master is dead. It starts now, because a JVM takes longer to start than others to be elected.
    flock "$lock" true |
      "$${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx16m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
        -cp "$NOMAD_TASK_DIR/recovery.jar" nomspark.recovery.Handover "$leader" &
    wait "$!"
  fi
  sleep 0.5 &
  wait "$!"
done
EOT
