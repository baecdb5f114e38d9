# Looks on each edge host whether it can hold the floating address, before anything else is registered.
#
# nomspark registers this file with a variable file that it writes, reads what the tasks say, and removes the job again;
# `nomspark render --out DIR` shows both.

variable "cluster" {
  description = "The cluster's name: the prefix of its jobs."
  type        = string
  default     = "spark"
}

variable "id" {
  description = "The end of the job's name: Nomad runs a sysbatch job of one name once on each node, also after a purge."
  type        = string
  default     = "by-hand"
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
  description = "The task driver of the edge: raw_exec or docker."
  type        = string
  default     = "raw_exec"
}

variable "image" {
  description = "The image of the edge; null for raw_exec."
  type        = string
  default     = null
}

variable "vip" {
  description = "The floating address with the prefix length of its network."
  type        = string
}

variable "ports" {
  description = "The ports that HAProxy will have."
  type        = list(number)
}

variable "ours" {
  description = "Whether this cluster's edge has the address already."
  type        = bool
  default     = false
}

variable "own_ports" {
  description = "The ports on which this cluster's edge listens already, by the name of the host's Nomad client."
  type        = map(list(number))
  default     = {}
}

variable "hosts" {
  description = "Interface and address of each edge host, by the name of its Nomad client."
  type        = map(object({ interface = string, address = string }))
}

variable "haproxy_cfg" {
  description = "HAProxy's configuration, a Nomad template."
  type        = string
}

variable "keepalived_conf" {
  description = "keepalived's configuration for each edge host, by the name of its Nomad client."
  type        = map(string)
}

variable "script" {
  description = "preflight.sh."
  type        = string
}

locals {
  docker = var.driver == "docker"
}

job "preflight" {
  id          = "${var.cluster}-preflight-${var.id}"
  name        = "${var.cluster}-preflight-${var.id}"
  type        = "sysbatch"
  datacenters = var.datacenters
  node_pool   = var.node_pool

  constraint {
    attribute = "$${node.unique.name}"
    operator  = "set_contains_any"
    value     = join(",", keys(var.hosts))
  }

  meta = {
    "nomspark.cluster" = var.cluster
    "nomspark.version" = var.nomspark_version
    "nomspark.role"    = "preflight"
  }

  group "preflight" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    task "preflight" {
      driver = var.driver
      user   = local.docker ? "root" : ""

      config {
        image        = var.image
        network_mode = local.docker ? "host" : null
        entrypoint   = local.docker ? [] : null
        # What the edge itself will need, so that a client that does not allow it says so now.
        cap_add = local.docker ? ["net_admin", "net_raw", "sys_nice"] : null

        command = "/bin/bash"
        args = concat(
          ["$${NOMAD_TASK_DIR}/preflight.sh", "$${NOMAD_TASK_DIR}", var.vip, var.ours ? "yes" : "no"],
          var.ports,
        )
      }

      # notify.sh needs curl for some addresses.
      env {
        CONSUL_HTTP_ADDR = "$${meta.consul_http_addr}"
      }

      # What each host is told of itself.
      template {
        destination = "local/host.env"
        env         = true
        data = join("", [
          for name, host in var.hosts :
          "{{ if eq (env \"node.unique.name\") \"${name}\" }}INTERFACE=${host.interface}\nOWN_ADDRESS=${host.address}\nOWN_PORTS=${join(",", lookup(var.own_ports, name, []))}\n{{ end }}"
        ])
      }

      template {
        destination = "local/preflight.sh"
        data        = var.script
      }

      template {
        destination = "local/haproxy.cfg"
        data        = var.haproxy_cfg
      }

      template {
        destination = "local/keepalived.conf"
        data = join("", [
          for host, configuration in var.keepalived_conf :
          "{{ if eq (env \"node.unique.name\") \"${host}\" }}${configuration}{{ end }}"
        ])
      }

      resources {
        cpu    = 20
        memory = 64
      }
    }
  }
}
