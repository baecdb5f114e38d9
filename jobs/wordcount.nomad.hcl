# WordCount: the Spark driver, in client mode, as a Nomad batch job. Nomad sees the driver's own exit code.
#
#   nomad job run -var-file=spark-wordcount-ID.vars.hcl wordcount.nomad.hcl
#
# With input = "upload" the driver waits for a file that `nomspark wordcount` sends into the allocation; the executors
# fetch it from the driver, so that no disk has to be shared.

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

variable "input" {
  description = "A URI that every executor can read, or upload."
  type        = string
}

variable "top" {
  description = "How many words the summary lists."
  type        = number
  default     = 20
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

  name = "${var.cluster}-wordcount-${var.id}"

  submit = concat(
    [
      "/bin/bash", "$${NOMAD_TASK_DIR}/with-defaults.sh",
      "${var.spark_home}/bin/spark-submit",
      "--master", var.master,
      "--deploy-mode", "client",
      "--name", local.name,
      "--properties-file", "$${NOMAD_SECRETS_DIR}/spark.conf",
      "--driver-memory", "${var.heap}m",
      "--class", "nomspark.WordCount",
      "$${NOMAD_TASK_DIR}/wordcount.jar",
      "--output", "$${NOMAD_ALLOC_DIR}/data",
      "--top", "${var.top}",
    ],
    var.input == "upload" ? ["--upload", "$${NOMAD_ALLOC_DIR}/data/input"] : ["--input", var.input],
  )

  # Behind a floating address, with the master to which that leads.
  command = var.masters_ui == null ? local.submit : concat(
    ["/bin/bash", "$${NOMAD_TASK_DIR}/follow.sh", var.masters_ui, var.master, "\"name\" : \"${local.name}\""],
    local.submit,
  )
}

job "wordcount" {
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

  meta = {
    "nomspark.cluster" = var.cluster
    "nomspark.version" = var.nomspark_version
    "nomspark.role"    = "wordcount"
  }

  ui {
    description = <<-EOT
      **WordCount** on the Spark cluster `${var.cluster}`, submitted by nomspark ${var.nomspark_version}.

      The result is in the allocation's files: `alloc/data/result.tsv` (count, tab, word) and `alloc/data/summary.json`.

      While it runs, Spark's UI of the application is the port `ui` of the allocation (Allocations, Ports).
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
    }

    # The driver's exit code is the verdict: it is not run again behind the user's back.
    restart {
      attempts = 0
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
        destination = "local/wordcount.jar"
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
