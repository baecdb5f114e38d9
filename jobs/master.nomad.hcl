# Spark's standalone masters as a Nomad service: one leads, the others stand by.
#
#   nomad job run -var-file=spark-master.vars.hcl master.nomad.hcl
#
# nomspark registers this file as it is, with a variable file that it writes; `nomspark render --out DIR` shows both.

variable "cluster" {
  description = "The cluster's name: the prefix of its jobs and Consul services."
  type        = string
  default     = "spark"
}

variable "nomspark_version" {
  description = "The version of nomspark that wrote the variables."
  type        = string
  default     = "none"
}

variable "datacenters" {
  description = "Datacenters in which masters may run; * stands for any characters."
  type        = list(string)
  default     = ["*"]
}

variable "node_pool" {
  description = "The node pool in which masters may run."
  type        = string
  default     = "default"
}

variable "driver" {
  description = "The task driver: docker, exec or raw_exec."
  type        = string
  default     = "docker"
}

variable "image" {
  description = "The container image; null for exec and raw_exec."
  type        = string
  default     = "apache/spark:4.1.0"
}

variable "spark_home" {
  description = "Spark's folder, on the nodes or in the image."
  type        = string
  default     = "/opt/spark"
}

variable "count" {
  description = "How many masters; more than one needs the recovery consul or zookeeper."
  type        = number
  default     = 1
}

variable "distinct_hosts" {
  description = "Whether each master needs a node of its own; otherwise they only prefer one."
  type        = bool
  default     = false
}

variable "recovery" {
  description = "Where masters keep what a new leader has to know: consul, zookeeper, rocksdb, filesystem or none."
  type        = string
  default     = "none"
}

variable "recovery_plugin" {
  description = "recovery.jar for the recovery consul, in base64."
  type        = string
  default     = ""
}

variable "consul_address" {
  description = "The address of Consul's agent on the nodes; 127.0.0.1:8500 where a node has no such meta."
  type        = string
  default     = "$${meta.consul_http_addr}"
}

variable "zookeeper" {
  description = "HOST:PORT of each ZooKeeper server, with commas, for the recovery zookeeper."
  type        = string
  default     = ""
}

variable "rpc_port" {
  description = "The port of spark:// URLs; 0 lets Nomad choose."
  type        = number
  default     = 0
}

variable "ui_port" {
  description = "The port of the web UI; 0 lets Nomad choose."
  type        = number
  default     = 0
}

variable "cpu" {
  description = "CPU to reserve, in MHz."
  type        = number
  default     = 500
}

variable "memory" {
  description = "Memory to reserve, in MiB."
  type        = number
  default     = 1024
}

variable "heap" {
  description = "The JVM's heap, in MiB; smaller than memory, the JVM needs more than its heap."
  type        = number
  default     = 768
}

variable "conf" {
  description = "Spark properties. They arrive in Spark as written here."
  type        = map(string)
  default     = {}
}

variable "links" {
  description = "Links that Nomad's web UI shows with the job."
  type        = list(object({ label = string, url = string }))
  default     = []
}

locals {
  elects = contains(["consul", "zookeeper"], var.recovery)

  recovery = {
    consul = {
      "spark.deploy.recoveryMode"         = "CUSTOM"
      "spark.deploy.recoveryMode.factory" = "nomspark.recovery.ConsulRecovery"
      # How long a new leader waits for workers and applications that do not answer; Spark's default is a minute.
      "spark.deploy.recoveryTimeout" = "2s"
      # The web UI of a master that was paused must not go on saying that it leads.
      "spark.ui.filters" = join(",", compact([lookup(var.conf, "spark.ui.filters", ""), "nomspark.recovery.LeaderFilter"]))
    }
    zookeeper = {
      "spark.deploy.recoveryMode"  = "ZOOKEEPER"
      "spark.deploy.zookeeper.url" = var.zookeeper
      "spark.deploy.zookeeper.dir" = "/nomspark/${var.cluster}"
    }
    rocksdb    = { "spark.deploy.recoveryMode" = "ROCKSDB" }
    filesystem = { "spark.deploy.recoveryMode" = "FILESYSTEM" }
    none       = {}
  }

  # Only beside a leader, and after everybody's start, for which the processor has enough to do. Java is where Spark
  # itself looks for it.
  release = join(" ", [
    "until [[ -s $NOMAD_ALLOC_DIR/leader ]]; do sleep 2; done;",
    "PATH=\"$JAVA_HOME/bin:$PATH\" exec java -Xmx16m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "-cp \"$NOMAD_TASK_DIR/recovery.jar\" nomspark.recovery.Handover",
  ])

  # A line of a Java properties file for each Spark property. {{ would start an action of Nomad's template.
  conf = join("", [
    for name, value in merge(var.conf, local.recovery[var.recovery]) : format("%s=%s\n", name, replace(
      replace(replace(replace(value, "\\", "\\\\"), "\n", "\\n"), "\r", "\\r"), "{{", "{{\"{{\"}}"
    ))
  ])
}

job "master" {
  id          = "${var.cluster}-master"
  name        = "${var.cluster}-master"
  type        = "service"
  datacenters = var.datacenters
  node_pool   = var.node_pool

  dynamic "constraint" {
    for_each = [for wanted in [var.distinct_hosts] : wanted if wanted]

    content {
      operator = "distinct_hosts"
      value    = "true"
    }
  }

  spread {
    attribute = "$${node.unique.id}"
  }

  # Where each node says for itself where Spark is, a node that does not say cannot run it.
  dynamic "constraint" {
    for_each = [for home in [var.spark_home] : home if home == "$${meta.spark_home}"]

    content {
      attribute = constraint.value
      operator  = "is_set"
    }
  }

  meta = {
    "nomspark.cluster"  = var.cluster
    "nomspark.version"  = var.nomspark_version
    "nomspark.role"     = "master"
    "nomspark.recovery" = var.recovery
  }

  ui {
    description = <<-EOT
      **Spark master** of the cluster `${var.cluster}`, deployed by nomspark ${var.nomspark_version}.

      Masters: ${var.count}, of which Spark's recovery `${var.recovery}` lets one lead.

      Workers and drivers find it in Consul as `${var.cluster}-master`; the web UI is the port `ui` of the allocation (Allocations, Ports).
    EOT

    dynamic "link" {
      for_each = var.links

      content {
        label = link.value.label
        url   = link.value.url
      }
    }
  }

  update {
    max_parallel     = 1
    health_check     = "checks"
    min_healthy_time = "5s"
    healthy_deadline = "2m"
  }

  group "master" {
    count = var.count

    ephemeral_disk {
      sticky = true
    }

    network {
      port "rpc" {
        static = var.rpc_port
      }

      port "ui" {
        static = var.ui_port
      }
    }

    # Nomad's default waits 15 s before each restart: too long for what everything else waits for.
    restart {
      attempts = 10
      interval = "5m"
      delay    = "1s"
      mode     = "fail"
    }

    # A node that Nomad does not hear of may be well, and its master too: another one is started at once, and goes again when
    # the node is heard.
    disconnect {
      lost_after = "5m"
      replace    = true
      reconcile  = "keep_original"
    }

    reschedule {
      delay          = "5s"
      delay_function = "exponential"
      max_delay      = "5m"
      unlimited      = true
    }

    service {
      provider = "consul"
      name     = "${var.cluster}-master"
      tags     = ["nomspark", "master"]
      port     = "rpc"
      task     = "master"

      # A master that answers may still be STANDBY or RECOVERING: only ALIVE is passing.
      # The script bounds its own time: Nomad 1.11 can lose a task of exec when it has to end a check.
      # The shell puts in the task's folder: Nomad 1.8 never updates the check of a group for which it does that itself.
      check {
        name     = "Spark says ALIVE"
        type     = "script"
        task     = "master"
        command  = "/bin/bash"
        args     = ["-c", "exec /bin/bash \"$NOMAD_TASK_DIR/alive.sh\""]
        interval = "2s"
        timeout  = "30s"
        # A master that stands by is as well as one that leads.
        on_update = "ignore"
      }

      meta {
        cluster   = var.cluster
        namespace = "$${NOMAD_NAMESPACE}"
        region    = "$${NOMAD_REGION}"
        ui_port   = "$${NOMAD_PORT_ui}"
      }
    }

    service {
      provider = "consul"
      name     = "${var.cluster}-master-ui"
      tags     = ["nomspark", "ui"]
      port     = "ui"
      task     = "master"

      check {
        name     = "Spark's web UI answers"
        type     = "http"
        path     = "/json/"
        interval = "2s"
        timeout  = "2s"
      }

      meta {
        cluster   = var.cluster
        namespace = "$${NOMAD_NAMESPACE}"
        region    = "$${NOMAD_REGION}"
      }
    }

    task "master" {
      driver       = var.driver
      kill_timeout = "10s"

      config {
        image        = var.driver == "docker" ? var.image : null
        network_mode = var.driver == "docker" ? "host" : null
        command      = "/bin/bash"

        args = [
          "$${NOMAD_TASK_DIR}/with-defaults.sh",
          "${var.spark_home}/bin/spark-class", "org.apache.spark.deploy.master.Master",
          "--host", "$${NOMAD_IP_rpc}",
          "--port", "$${NOMAD_PORT_rpc}",
          "--webui-port", "$${NOMAD_PORT_ui}",
          "--properties-file", "$${NOMAD_SECRETS_DIR}/spark.conf",
        ]
      }

      env {
        SPARK_HOME          = var.spark_home
        SPARK_DAEMON_MEMORY = "${var.heap}m"
        # It starts with half of the CPU time this way, and never has so much to do that the other half would pay.
        SPARK_DAEMON_JAVA_OPTS = "-XX:TieredStopAtLevel=1"
        SPARK_LOCAL_IP         = "$${NOMAD_IP_rpc}"
        # The UI links to the workers by this name.
        SPARK_PUBLIC_DNS       = "$${NOMAD_IP_ui}"
        SPARK_DAEMON_CLASSPATH = "$${NOMAD_TASK_DIR}/recovery.jar"
        CONSUL_HTTP_ADDR       = var.consul_address
        NODE_NAME              = "$${node.unique.name}"
        NOMSPARK_CLUSTER       = var.cluster
      }

      # Where Nomad knows Consul with workload identities, the master has a token of its own this way.
      consul {}

      template {
        destination = "local/recovery.jar"
        change_mode = "restart"
        splay       = "0s"
        data        = "{{ \"${var.recovery_plugin}\" | base64Decode }}"
      }

      template {
        destination = "local/spark.conf"
        change_mode = "restart"
        splay       = "0s"
        data        = <<-EOT
          # The submission server takes jobs from anybody who reaches it: off.
          spark.master.rest.enabled=false
          # For the recovery by files: it goes with the allocation, to its restarts and to its replacement on the same node.
          spark.deploy.recoveryDirectory={{ env "NOMAD_ALLOC_DIR" }}/data/recovery
          ${local.conf}
        EOT
      }

      # Spark reads one properties file: what the node's spark-defaults.conf says, and what stands behind it above that. It may
      # hold secrets, so it goes where only this task can read it.
      template {
        destination = "local/with-defaults.sh"
        change_mode = "restart"
        splay       = "0s"
        data        = <<-EOT
          # The file's name says it: spark-core_SCALA-VERSION.jar.
          spark=$(compgen -G "$SPARK_HOME/jars/spark-core_2.*.jar")
          spark=$${spark##*/spark-core_2.??-}
          spark=$${spark%.jar}
          needs='' own=$(<"$NOMAD_TASK_DIR/spark.conf")
          case ${var.recovery}:$spark in
            # An older master would end with the name of a class that nobody knows, or keep nothing and not say so.
            consul:[12].* | consul:3.[0-4].*) needs="through Consul need Spark 3.5 or later" ;;
            rocksdb:[123].*) needs="with RocksDB need Spark 4" ;;
            # Its web UI has the servlets of before Jakarta.
            consul:3.*) own=$${own//nomspark.recovery.LeaderFilter/nomspark.recovery.JavaxLeaderFilter} ;;
          esac
          if [[ -n $needs ]]; then
            echo "masters that recover $needs, and $SPARK_HOME is Spark $spark" >&2
            exit 2
          fi
          conf="$NOMAD_SECRETS_DIR/spark.conf"
          rm -f "$conf"
          (
            umask 077
            {
              cat "$${SPARK_CONF_DIR:-$SPARK_HOME/conf}/spark-defaults.conf" 2>/dev/null
              echo
              printf '%s\n' "$own"
            } >"$conf"
          ) || exit 1
          command -v "$1" >/dev/null || { echo "exec: $1: not found" >&2; exit 127; }
          exec "$@"
        EOT
      }

      template {
        destination = "local/alive.sh"
        change_mode = "noop"
        data        = <<-EOT
          # Exit code 0 is passing for Consul, 2 is critical.
          exec 3<>"/dev/tcp/$NOMAD_IP_ui/$NOMAD_PORT_ui" || exit 2
          printf 'GET /json/ HTTP/1.0\r\n\r\n' >&3
          while read -t 2 -r line <&3; do
            if [[ $line =~ ^\"status\"\ :\ \"([A-Z_]+)\" ]]; then
              echo "Spark says $${BASH_REMATCH[1]}"
              [[ $${BASH_REMATCH[1]} == ALIVE ]] && exit 0
              exit 2
            fi
          done
          echo "Spark's /json/ names no status"
          exit 2
        EOT
      }

      resources {
        cpu    = var.cpu
        memory = var.memory
      }
    }

    # Beside the master, because a master that was killed cannot give back its lock itself.
    dynamic "task" {
      for_each = [for recovery in [var.recovery] : recovery if recovery == "consul"]
      labels   = ["release"]

      content {
        driver = var.driver

        lifecycle {
          hook    = "poststart"
          sidecar = true
        }

        config {
          image        = var.driver == "docker" ? var.image : null
          network_mode = var.driver == "docker" ? "host" : null
          command      = "/bin/bash"
          args         = ["-c", local.release]
        }

        env {
          CONSUL_HTTP_ADDR = var.consul_address
        }

        consul {}

        template {
          destination = "local/recovery.jar"
          change_mode = "restart"
          splay       = "0s"
          data        = "{{ \"${var.recovery_plugin}\" | base64Decode }}"
        }

        # It has nothing to do until everybody waits for it.
        resources {
          cpu    = 100
          memory = 96
        }

        logs {
          max_files     = 1
          max_file_size = 1
        }
      }
    }
  }
}
