# The floating address of Spark's master: HAProxy and keepalived on each edge host.
#
#   nomad job run -var-file=spark-edge.vars.hcl edge.nomad.hcl
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
  description = "Datacenters of the edge hosts; * stands for any characters."
  type        = list(string)
  default     = ["*"]
}

variable "node_pool" {
  description = "The node pool of the edge hosts."
  type        = string
  default     = "default"
}

variable "driver" {
  description = "The task driver: raw_exec or docker."
  type        = string
  default     = "raw_exec"
}

variable "image" {
  description = "The container image with HAProxy, keepalived, bash, coreutils, grep, iproute2, sed and util-linux; null for raw_exec."
  type        = string
  default     = null
}

variable "vip" {
  description = "The floating address with the prefix length of its network."
  type        = string
}

variable "router_id" {
  description = "The number of the virtual router; keepalived_conf has it too."
  type        = number
  default     = 51
}

variable "port" {
  description = "The port of spark:// URLs on the floating address."
  type        = number
  default     = 7077
}

variable "ui_port" {
  description = "The port of the web UI on the floating address."
  type        = number
  default     = 8080
}

variable "stats_port" {
  description = "The port of HAProxy's statistics, on each host's loopback."
  type        = number
  default     = 8404
}

variable "haproxy_cfg" {
  description = "HAProxy's configuration, a Nomad template."
  type        = string
}

variable "keepalived_conf" {
  description = "keepalived's configuration for each edge host, by the name of its Nomad client."
  type        = map(string)
}

variable "scripts" {
  description = "keepalived.sh, probe.sh, notify.sh, release.sh and reload.sh."
  type        = map(string)
}

variable "links" {
  description = "Links that Nomad's web UI shows with the job."
  type        = list(object({ label = string, url = string }))
  default     = []
}

locals {
  address = split("/", var.vip)[0]
  # As URLs have it.
  host = length(split(":", local.address)) > 1 ? "[${local.address}]" : local.address

  docker = var.driver == "docker"
}

job "edge" {
  id          = "${var.cluster}-edge"
  name        = "${var.cluster}-edge"
  type        = "system"
  datacenters = var.datacenters
  node_pool   = var.node_pool

  constraint {
    attribute = "$${node.unique.name}"
    operator  = "set_contains_any"
    value     = join(",", keys(var.keepalived_conf))
  }

  meta = {
    "nomspark.cluster"   = var.cluster
    "nomspark.version"   = var.nomspark_version
    "nomspark.role"      = "edge"
    "nomspark.vip"       = var.vip
    "nomspark.router_id" = var.router_id
    "nomspark.port"      = var.port
    "nomspark.ui_port"   = var.ui_port
  }

  ui {
    description = <<-EOT
      **Floating address** of the cluster `${var.cluster}`, deployed by nomspark ${var.nomspark_version}: `spark://${local.host}:${var.port}`, web UI `http://${local.host}:${var.ui_port}`.

      keepalived holds the address on one of ${join(", ", keys(var.keepalived_conf))}; HAProxy there sends traffic to the master that is ALIVE.
    EOT

    dynamic "link" {
      for_each = var.links

      content {
        label = link.value.label
        url   = link.value.url
      }
    }
  }

  # One host after the other, each well before the next: the address always has somewhere to go.
  update {
    max_parallel     = 1
    stagger          = "10s"
    min_healthy_time = "3s"
    health_check     = "checks"
    healthy_deadline = "1m"
  }

  group "edge" {
    network {
      port "rpc" {
        static = var.port
      }

      port "ui" {
        static = var.ui_port
      }

      port "statistics" {
        static = var.stats_port
      }
    }

    # A host whose edge has failed has nobody else to go to: try for as long as it takes.
    restart {
      attempts = 10
      interval = "1m"
      delay    = "250ms"
      mode     = "delay"
    }

    # A node that Nomad does not hear of may be well, and its tasks too: they go on, and are kept when it is heard again.
    disconnect {
      lost_after = "5m"
      replace    = false
      reconcile  = "keep_original"
    }

    service {
      provider = "consul"
      name     = "${var.cluster}-edge"
      tags     = ["nomspark", "edge"]
      port     = "rpc"
      address  = local.address
      task     = "keepalived"

      # The shell puts in the task's folder: Nomad 1.8 never updates the check of a group for which it does that itself.
      check {
        name     = "HAProxy answers"
        type     = "script"
        task     = "keepalived"
        command  = "/bin/bash"
        args     = ["-c", "exec /bin/bash \"$NOMAD_TASK_DIR/probe.sh\" \"$NOMAD_PORT_statistics\""]
        interval = "2s"
        timeout  = "30s"
      }

      meta {
        cluster   = var.cluster
        namespace = "$${NOMAD_NAMESPACE}"
        region    = "$${NOMAD_REGION}"
        host      = "$${node.unique.name}"
      }
    }

    task "haproxy" {
      driver       = var.driver
      user         = local.docker ? "root" : ""
      kill_timeout = "10s"
      # SIGUSR1 would wait for Spark's connections, which live for days.
      kill_signal = "SIGTERM"

      config {
        image        = var.image
        network_mode = local.docker ? "host" : null
        entrypoint   = local.docker ? [] : null
        # To bind an address that the host does not hold.
        cap_add = local.docker ? ["net_raw"] : null
        command = "haproxy"
        args    = ["-W", "-db", "-p", "$${NOMAD_TASK_DIR}/haproxy.pid", "-f", "$${NOMAD_TASK_DIR}/haproxy.cfg"]
      }

      # Where Nomad knows Consul with workload identities, this template is filled in with a token of this task.
      consul {}

      template {
        destination = "local/haproxy.cfg"
        data        = var.haproxy_cfg
        # A reload: the new process takes over without a gap, the old one keeps the connections that it has.
        change_mode = "script"
        splay       = "0s"

        change_script {
          command = "/bin/bash"
          # Nomad fills nothing in here; the shell has the task's environment.
          args    = ["-c", "exec /bin/bash \"$NOMAD_TASK_DIR/reload.sh\" \"$NOMAD_PORT_statistics\""]
          timeout = "20s"
        }

        wait {
          min = "100ms"
          max = "500ms"
        }
      }

      # Nothing is known before the first reload.
      template {
        destination = "local/servers.state"
        change_mode = "noop"
        data        = "1\n"
      }

      template {
        destination = "local/reload.sh"
        change_mode = "noop"
        data        = var.scripts["reload.sh"]
      }

      # One process that serves and up to 60 that keep old connections after reloads.
      resources {
        cpu    = 200
        memory = 384
      }
    }

    task "keepalived" {
      driver       = var.driver
      user         = local.docker ? "root" : ""
      kill_timeout = "10s"
      kill_signal  = "SIGTERM"
      # It ends first, so that the address leaves before HAProxy does.
      leader = true

      config {
        image        = var.image
        network_mode = local.docker ? "host" : null
        entrypoint   = local.docker ? [] : null
        # To add and remove the address, to send VRRP's packets and ARP's, to go before other work.
        cap_add = local.docker ? ["net_admin", "net_raw", "sys_nice"] : null
        command = "/bin/bash"
        args    = ["$${NOMAD_TASK_DIR}/keepalived.sh", "$${NOMAD_TASK_DIR}/keepalived.conf", "$${NOMAD_PORT_statistics}", local.address]
      }

      # The agent of this node; empty where the node's meta says nothing, and then notify.sh takes 127.0.0.1:8500.
      env {
        CONSUL_HTTP_ADDR = "$${meta.consul_http_addr}"
      }

      # The same for notify.sh, which writes down who holds the address.
      consul {}

      template {
        destination   = "local/keepalived.conf"
        change_mode   = "signal"
        change_signal = "SIGHUP"
        splay         = "0s"
        data = join("", [
          for host, configuration in var.keepalived_conf :
          "{{ if eq (env \"node.unique.name\") \"${host}\" }}${configuration}{{ end }}"
        ])
      }

      template {
        destination = "local/keepalived.sh"
        change_mode = "restart"
        splay       = "0s"
        data        = var.scripts["keepalived.sh"]
      }

      template {
        destination = "local/probe.sh"
        change_mode = "noop"
        data        = var.scripts["probe.sh"]
      }

      template {
        destination = "local/release.sh"
        change_mode = "noop"
        data        = var.scripts["release.sh"]
      }

      template {
        destination = "local/notify.sh"
        change_mode = "noop"
        data        = var.scripts["notify.sh"]
      }

      resources {
        cpu    = 100
        memory = 64
      }
    }

    # Whatever became of keepalived, an allocation that ended leaves no address behind.
    task "release" {
      driver = var.driver
      user   = local.docker ? "root" : ""

      lifecycle {
        hook = "poststop"
      }

      config {
        image        = var.image
        network_mode = local.docker ? "host" : null
        entrypoint   = local.docker ? [] : null
        cap_add      = local.docker ? ["net_admin"] : null
        command      = "/bin/bash"
        args         = ["$${NOMAD_TASK_DIR}/release.sh", local.address]
      }

      template {
        destination = "local/release.sh"
        data        = var.scripts["release.sh"]
      }

      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}
