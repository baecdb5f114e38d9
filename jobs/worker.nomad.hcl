# Spark's standalone workers as a Nomad service.
#
#   nomad job run -var-file=spark-worker.vars.hcl worker.nomad.hcl
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
  description = "Datacenters in which workers may run; * stands for any characters."
  type        = list(string)
  default     = ["*"]
}

variable "node_pool" {
  description = "The node pool in which workers may run."
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
  description = "How many workers."
  type        = number
  default     = 1
}

variable "masters" {
  description = "HOST:PORT of the floating address; null looks the masters up in Consul."
  type        = string
  default     = null
}

variable "masters_ui" {
  description = "HOST:PORT of the web UI at the floating address, which leads to the master that is ALIVE."
  type        = string
  default     = null
}

variable "follow" {
  description = "follow.sh, which joins the master to which the floating address leads."
  type        = string
  default     = null
}

variable "remembered" {
  description = "Whether a new master knows the workers of the last one, and calls them."
  type        = bool
  default     = false
}

variable "worker_cores" {
  description = "Cores that a worker offers to executors."
  type        = number
  default     = 1
}

variable "worker_memory" {
  description = "Memory that a worker offers to executors, in MiB."
  type        = number
  default     = 1024
}

variable "cpu" {
  description = "CPU to reserve for a worker and its executors, in MHz."
  type        = number
  default     = 1000
}

variable "memory" {
  description = "Memory to reserve for a worker and its executors, in MiB."
  type        = number
  default     = 2048
}

variable "heap" {
  description = "The heap of the worker's own JVM, in MiB; executors have theirs."
  type        = number
  default     = 384
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
  # A line of a Java properties file for each Spark property. {{ would start an action of Nomad's template.
  conf = join("", [
    for name, value in var.conf : format("%s=%s\n", name, replace(
      replace(replace(replace(value, "\\", "\\\\"), "\n", "\\n"), "\r", "\\r"), "{{", "{{\"{{\"}}"
    ))
  ])

  # Also masters that are not passing: a worker stays with a master that is only slow. Not those of a cluster of the same name
  # in another namespace or region; one that names neither was deployed by an earlier version.
  consul = <<-EOT
    {{ range service "${var.cluster}-master|any" }}
    {{- if and (or (not .ServiceMeta.namespace) (eq .ServiceMeta.namespace (env "NOMAD_NAMESPACE"))) (or (not .ServiceMeta.region) (eq .ServiceMeta.region (env "NOMAD_REGION"))) }}
    {{- if scratch.Key "some" }},{{ end }}{{ scratch.Set "some" true }}{{ .Address }}:{{ .Port }}{{ end }}
    {{- end }}
  EOT
}

job "worker" {
  id          = "${var.cluster}-worker"
  name        = "${var.cluster}-worker"
  type        = "service"
  datacenters = var.datacenters
  node_pool   = var.node_pool

  # The loss of a node shall cost as few workers as possible.
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
    "nomspark.cluster" = var.cluster
    "nomspark.version" = var.nomspark_version
    "nomspark.role"    = "worker"
  }

  ui {
    description = <<-EOT
      **Spark workers** of the cluster `${var.cluster}`, deployed by nomspark ${var.nomspark_version}.

      Cores: ${var.worker_cores}, memory: ${var.worker_memory} MiB each, for executors.

      They start when a master answers. In Consul they are `${var.cluster}-worker`, passing once a master has registered them.
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
    healthy_deadline = "2m"
  }

  group "worker" {
    count = var.count

    network {
      port "rpc" {}
      port "ui" {}
    }

    restart {
      attempts = 5
      interval = "1m"
      delay    = "1s"
      mode     = "fail"
    }

    # A node that Nomad does not hear of may be well, and its tasks too: they go on, and are kept when it is heard again.
    # Another worker takes their place meanwhile.
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
      name     = "${var.cluster}-worker"
      tags     = ["nomspark", "worker"]
      port     = "ui"
      task     = "worker"

      # A worker without a master answers too, but executors cannot run there.
      # The script bounds its own time: Nomad 1.11 can lose a task of exec when it has to end a check.
      # The shell puts in the task's folder: Nomad 1.8 never updates the check of a group for which it does that itself.
      check {
        name     = "A Spark master has registered this worker"
        type     = "script"
        task     = "worker"
        command  = "/bin/bash"
        args     = ["-c", "exec /bin/bash \"$NOMAD_TASK_DIR/registered.sh\""]
        interval = "2s"
        timeout  = "30s"

        # One that no master has registered within half a minute asks masters that are gone: it starts again with those
        # that there are. One that only starts slowly, or waits for a master, is a warning: it would never get further.
        # A grace would not do: Nomad counts it from the allocation's start, not from the task's.
        check_restart {
          limit           = 15
          ignore_warnings = true
        }
      }

      meta {
        cluster   = var.cluster
        namespace = "$${NOMAD_NAMESPACE}"
        region    = "$${NOMAD_REGION}"
        rpc_port  = "$${NOMAD_PORT_rpc}"
      }
    }

    task "worker" {
      driver       = var.driver
      kill_timeout = "10s"

      config {
        image        = var.driver == "docker" ? var.image : null
        network_mode = var.driver == "docker" ? "host" : null
        command      = "/bin/bash"
        args         = ["$${NOMAD_TASK_DIR}/worker.sh"]
      }

      env {
        SPARK_HOME          = var.spark_home
        SPARK_DAEMON_MEMORY = "${var.heap}m"
        # It starts with half of the CPU time without the second compiler, and never has so much to do that it would pay. The
        # archive of Spark's classes, where there is one, halves the rest; Java is silent where there is none.
        SPARK_DAEMON_JAVA_OPTS = "-XX:TieredStopAtLevel=1 -XX:SharedArchiveFile=${var.spark_home}/nomspark.jsa -Xlog:cds*=off"
        SPARK_WORKER_CORES     = var.worker_cores
        SPARK_WORKER_MEMORY    = "${var.worker_memory}m"
        SPARK_WORKER_DIR       = "$${NOMAD_ALLOC_DIR}/data"
        SPARK_LOCAL_DIRS       = "$${NOMAD_ALLOC_DIR}/tmp"
        SPARK_LOCAL_IP         = "$${NOMAD_IP_rpc}"
        SPARK_PUBLIC_DNS       = "$${NOMAD_IP_ui}"
        MASTERS_UI             = var.masters_ui == null ? "" : var.masters_ui
      }

      template {
        destination = "local/spark.conf"
        change_mode = "restart"
        splay       = "0s"
        data        = "# Spark properties of the cluster\n${local.conf}"
      }

      # Spark reads one properties file: what the node's spark-defaults.conf says, and what stands behind it above that. It may
      # hold secrets, so it goes where only this task can read it.
      template {
        destination = "local/with-defaults.sh"
        change_mode = "restart"
        splay       = "0s"
        data        = <<-EOT
          conf="$NOMAD_SECRETS_DIR/spark.conf"
          rm -f "$conf"
          (
            umask 077
            {
              cat "$${SPARK_CONF_DIR:-$SPARK_HOME/conf}/spark-defaults.conf" 2>/dev/null
              echo
              cat "$NOMAD_TASK_DIR/spark.conf"
            } >"$conf"
          ) || exit 1
          command -v "$1" >/dev/null || { echo "exec: $1: not found" >&2; exit 127; }
          exec "$@"
        EOT
      }

      # Where Nomad knows Consul with workload identities, this template is filled in with a token of this task.
      consul {}

      # A new master that does not know this worker: Nomad starts the worker again when the masters change. Behind a
      # floating address nothing changes here, and follow.sh looks after that.
      template {
        destination = "local/masters"
        change_mode = var.remembered ? "noop" : "restart"
        splay       = "0s"
        data        = var.masters == null ? local.consul : var.masters

        wait {
          min = "250ms"
          max = "1s"
        }
      }

      template {
        destination = "local/worker.sh"
        change_mode = "restart"
        splay       = "0s"
        data        = <<-EOT
          # Without a trap bash outlives a signal while it waits, until Nomad kills it.
          trap 'exit 0' INT TERM

          masters=$(<"$NOMAD_TASK_DIR/masters")
          set -- /bin/bash "$NOMAD_TASK_DIR/with-defaults.sh" "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.worker.Worker \
            --host "$NOMAD_IP_rpc" --port "$NOMAD_PORT_rpc" --webui-port "$NOMAD_PORT_ui" \
            --properties-file "$NOMAD_SECRETS_DIR/spark.conf"
          if [[ -n $MASTERS_UI ]]; then
            # What a worker's id ends with.
            words="-$NOMAD_IP_rpc-$NOMAD_PORT_rpc\""
            exec /bin/bash "$NOMAD_TASK_DIR/follow.sh" "$MASTERS_UI" "spark://$masters" "$words" "$@" "spark://$masters"
          fi

          # A worker that starts before its master tries again at random after 5 to 15 s: waiting here is quicker.
          master_answers() {
            local master host
            # Others may be there by now.
            masters=$(<"$NOMAD_TASK_DIR/masters")
            for master in $${masters//,/ }; do
              host=$${master%:*}
              host=$${host#[}
              (exec 3<>"/dev/tcp/$${host%]}/$${master##*:}") 2>/dev/null && return 0
            done
            return 1
          }
          tell_after=10
          until master_answers; do
            if ((SECONDS >= tell_after)); then
              echo "no Spark master answers; tried: $${masters:-none, Consul tells of no ${var.cluster}-master}" >&2
              ((tell_after += 60))
            fi
            if ((SECONDS >= 600)); then
              echo "no Spark master answered within 10 minutes" >&2
              exit 1
            fi
            sleep 0.1
          done
          exec "$@" "spark://$masters"
        EOT
      }

      dynamic "template" {
        for_each = var.masters_ui == null ? [] : [var.follow]

        content {
          destination = "local/follow.sh"
          change_mode = "restart"
          splay       = "0s"
          data        = template.value
        }
      }

      template {
        destination = "local/registered.sh"
        change_mode = "noop"
        data        = <<-EOT
          # Exit code 0 is passing for Consul, 1 is a warning, 2 is critical.
          if ! { exec 3<>"/dev/tcp/$NOMAD_IP_ui/$NOMAD_PORT_ui"; } 2>/dev/null; then
            echo "the worker has not started yet: it waits for a Spark master, or Java is starting"
            exit 1
          fi
          printf 'GET /json/ HTTP/1.0\r\n\r\n' >&3
          while read -t 2 -r line <&3; do
            if [[ $line =~ ^\"masterwebuiurl\"\ :\ \"(.+)\" ]]; then
              echo "registered with the master whose web UI is $${BASH_REMATCH[1]}"
              exit 0
            fi
          done
          echo "no Spark master has registered this worker"
          exit 2
        EOT
      }

      resources {
        cpu    = var.cpu
        memory = var.memory
      }
    }
  }
}
