# An application that runs through a failover drill: the Spark driver, in client mode, as a Nomad batch job.
#
#   nomad job run -var-file=spark-app-ID.vars.hcl drill.nomad.hcl
#
# It counts the words of a small text again and again, compares each answer with the one that it knows, and serves how far
# it is at the port `progress`. It ends when there is a file alloc/data/end, or when its time is over.

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
  description = "Datacenters in which the driver may run; * stands for any characters."
  type        = list(string)
  default     = ["*"]
}

variable "node_pool" {
  description = "The node pool in which the driver may run."
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

variable "id" {
  description = "The end of the job's name."
  type        = string
}

variable "master" {
  description = "The spark:// URL of the master or of the floating address."
  type        = string
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

variable "at_most" {
  description = "After how many seconds the application ends by itself."
  type        = number
  default     = 600
}

variable "cores_max" {
  description = "How many cores of the cluster the executors take at most; the rest is left to others."
  type        = number
  default     = 2
}

variable "avoid_nodes" {
  description = "The ids of the nodes on which the driver must not run."
  type        = list(string)
  default     = []
}

variable "application" {
  description = "The application's jar, in base64."
  type        = string
}

variable "cpu" {
  description = "CPU to reserve for the driver, in MHz."
  type        = number
  default     = 500
}

variable "memory" {
  description = "Memory to reserve for the driver, in MiB."
  type        = number
  default     = 896
}

variable "heap" {
  description = "The driver's heap, in MiB."
  type        = number
  default     = 512
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
  # Java starts in about half of the time with an archive of Spark's classes. Without one, or with another Java's, it starts
  # as always, and is silent about that.
  class_archive = "-XX:SharedArchiveFile={{ env \"SPARK_HOME\" }}/nomspark.jsa -Xlog:cds*=off"

  # A line of a Java properties file for each Spark property. {{ would start an action of Nomad's template.
  conf = join("", [
    for name, value in var.conf : format("%s=%s\n", name, replace(
      replace(replace(replace(value, "\\", "\\\\"), "\n", "\\n"), "\r", "\\r"), "{{", "{{\"{{\"}}"
    ))
  ])

  name = "${var.cluster}-app-${var.id}"

  submit = [
    "/bin/bash", "$${NOMAD_TASK_DIR}/with-defaults.sh",
    "${var.spark_home}/bin/spark-submit",
    "--master", var.master,
    "--deploy-mode", "client",
    "--name", local.name,
    "--properties-file", "$${NOMAD_SECRETS_DIR}/spark.conf",
    "--driver-memory", "${var.heap}m",
    "--class", "nomspark.drill.Drill",
    "$${NOMAD_TASK_DIR}/drill.jar",
    "--listen", "$${NOMAD_ADDR_progress}",
    "--end", "$${NOMAD_ALLOC_DIR}/data/end",
    "--at-most", "${var.at_most}",
  ]

  # Behind a floating address, with the master to which that leads.
  command = var.masters_ui == null ? local.submit : concat(
    ["/bin/bash", "$${NOMAD_TASK_DIR}/follow.sh", var.masters_ui, var.master, "\"name\" : \"${local.name}\""],
    local.submit,
  )
}

job "drill" {
  id          = local.name
  name        = local.name
  type        = "batch"
  datacenters = var.datacenters
  node_pool   = var.node_pool

  # Where each node says for itself where Spark is, a node that does not say cannot run it.
  dynamic "constraint" {
    for_each = [for home in [var.spark_home] : home if home == "$${meta.spark_home}"]

    content {
      attribute = constraint.value
      operator  = "is_set"
    }
  }

  # A drill that takes a node away leaves the driver alone, unless that is what it tries.
  dynamic "constraint" {
    for_each = var.avoid_nodes

    content {
      attribute = "$${node.unique.id}"
      operator  = "!="
      value     = constraint.value
    }
  }

  meta = {
    "nomspark.cluster" = var.cluster
    "nomspark.version" = var.nomspark_version
    "nomspark.role"    = "drill"
  }

  ui {
    description = <<-EOT
      An **application that nomspark drill runs through a fault** of the Spark cluster `${var.cluster}`, submitted by
      nomspark ${var.nomspark_version}. It counts the same words again and again and takes ${var.cores_max} cores at most.

      It ends by itself, after ${var.at_most} seconds at the latest; a file `alloc/data/end` ends it at once.

      How far it is tells `/progress` at the port `progress` of the allocation (Allocations, Ports). While it runs, Spark's
      UI of the application is the port `ui`.
    EOT

    dynamic "link" {
      for_each = var.links

      content {
        label = link.value.label
        url   = link.value.url
      }
    }
  }

  group "driver" {
    network {
      port "driver" {}
      port "blocks" {}
      port "ui" {}
      port "progress" {}
    }

    # Unlike other drivers this one is started again, because to kill it is one of the drills: how long an application is
    # away then is what that one measures. The driver tells at `progress` when its process began.
    restart {
      attempts = 3
      interval = "10m"
      delay    = "1s"
      mode     = "fail"
    }

    # A node that Nomad does not hear of may be well, and its tasks too: they go on, and are kept when it is heard again.
    disconnect {
      lost_after = "1m"
      replace    = false
      reconcile  = "keep_original"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    task "driver" {
      driver       = var.driver
      kill_timeout = "10s"

      config {
        image        = var.driver == "docker" ? var.image : null
        network_mode = var.driver == "docker" ? "host" : null
        command      = local.command[0]
        args         = slice(local.command, 1, length(local.command))
      }

      env {
        SPARK_HOME       = var.spark_home
        SPARK_LOCAL_IP   = "$${NOMAD_IP_driver}"
        SPARK_PUBLIC_DNS = "$${NOMAD_IP_ui}"
        SPARK_LOCAL_DIRS = "$${NOMAD_ALLOC_DIR}/tmp"
      }

      # The executors call the driver back: it must listen where Nomad reserved ports for it.
      template {
        destination = "local/spark.conf"
        change_mode = "noop"
        data        = <<-EOT
          spark.driver.host={{ env "NOMAD_IP_driver" }}
          spark.driver.bindAddress={{ env "NOMAD_IP_driver" }}
          spark.driver.port={{ env "NOMAD_PORT_driver" }}
          spark.driver.blockManager.port={{ env "NOMAD_PORT_blocks" }}
          spark.ui.port={{ env "NOMAD_PORT_ui" }}
          spark.driver.defaultJavaOptions=${local.class_archive}
          spark.executor.defaultJavaOptions=${local.class_archive}
          spark.cores.max=${var.cores_max}
          ${local.conf}
        EOT
      }

      # Spark reads one properties file: what the node's spark-defaults.conf says, and what stands behind it above that. It may
      # hold secrets, so it goes where only this task can read it.
      template {
        destination = "local/with-defaults.sh"
        change_mode = "noop"
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

      dynamic "template" {
        for_each = var.masters_ui == null ? [] : [var.follow]

        content {
          destination = "local/follow.sh"
          change_mode = "noop"
          data        = template.value
        }
      }

      template {
        destination = "local/drill.jar"
        change_mode = "noop"
        data        = "{{ base64Decode \"${var.application}\" }}"
      }

      resources {
        cpu    = var.cpu
        memory = var.memory
      }
    }
  }
}
