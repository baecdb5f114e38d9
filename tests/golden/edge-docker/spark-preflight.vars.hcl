cluster = "spark"
nomspark_version = "VERSION"
datacenters = [
  "dc1",
  "eu-*"
]
node_pool = "default"
driver = "docker"
image = "registry.example:5000/platform/edge:2026.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
vip = "10.20.0.9/24"
haproxy_cfg = <<EOT
# HAProxy before the Spark masters of the cluster spark: whoever asks 10.20.0.9 reaches the one master that is ALIVE.
#
# nomspark fills in haproxy/haproxy.cfg, an HCL template, for its Nomad job and for hosts that run HAProxy under systemd.

global
  log stdout format raw local0 notice
  # nobody and nogroup, by number because names differ; the process that binds and reloads stays root.
  uid 65534
  gid 65534
  # A reload leaves the old process, 6 MB of memory, to the connections that it has. Spark's live for days: no usual number of
  # reloads ends them, and what the processes need together stays within the task's memory.
  mworker-max-reloads 60
  # What the process before knew of the masters; reload.sh writes it.
  server-state-file {{ env "NOMAD_TASK_DIR" }}/servers.state

  # Also masters that Consul does not call passing: HAProxy's own check is quicker, and knows better. A Nomad client that comes
  # back leaves what it registered before for a minute, and HAProxy refuses a server that stands twice. Others may register
  # services of this name, and the cluster of another Nomad may have it: what is no master of this one is left out, and so is
  # what is no address and no port, which would end up in this file as something else.
{{- range service "spark-master|any" }}
{{- if and (eq (print .ServiceMeta.cluster) "spark") (or (not .ServiceMeta.namespace) (eq .ServiceMeta.namespace (env "NOMAD_NAMESPACE"))) (or (not .ServiceMeta.region) (eq .ServiceMeta.region (env "NOMAD_REGION"))) (regexMatch "^[0-9A-Fa-f.:]+$" .Address) (regexMatch "^[0-9]{1,5}$" (print .ServiceMeta.ui_port)) }}
{{- scratch.MapSet "masters" (printf "%s:%d:%s" .Address .Port .ServiceMeta.ui_port) . }}
{{- end }}
{{- end }}
  # Docker may allow a million open files and more, and HAProxy would set memory aside for all of them.
  fd-hard-limit 65536

defaults
  log global
  option dontlognull
  timeout connect 1s
  timeout check 1s
  # Spark keeps a connection open for as long as a worker or an application lives, often without a word.
  timeout client 7d
  timeout server 7d
  # So it is the kernel that finds out about a host that is gone.
  option clitcpka
  option srvtcpka
  clitcpka-idle 10s
  clitcpka-intvl 3s
  clitcpka-cnt 3
  srvtcpka-idle 10s
  srvtcpka-intvl 3s
  srvtcpka-cnt 3

# spark:// URLs
frontend rpc
  mode tcp
  # transparent: also on hosts that do not hold the address now.
  bind 10.20.0.9:7077 transparent tcp-ut 10s
  # When HAProxy starts, servers count as up until their first check, and two leaders are one too many at any time: nobody is
  # better than the wrong one.
  tcp-request connection reject if { nbsrv(masters) gt 1 }
  default_backend masters

# The web UI
frontend ui
  mode http
  bind 10.20.0.9:8080 transparent
  timeout client 1m
  timeout http-request 10s
  # Who holds the address, for whoever asks the network rather than the records.
  http-request return status 200 content-type application/json string "\"{{ env "node.unique.name" }}\"" if { path /nomspark/holder }
  # The masters of this configuration: a deployment is not ready before all of its masters are among them.
  http-request return status 200 content-type application/json string "\"{{ range scratch.MapValues "masters" }}{{ .Address }}:{{ .Port }} {{ end }}\"" if { path /nomspark/masters }
  http-request return status 503 content-type text/plain string "No Spark master is ALIVE, as HAProxy on {{ env "node.unique.name" }} sees it." if { nbsrv(uis) eq 0 }
  # An answer at once is better than one from a host that is gone.
  http-request return status 503 content-type text/plain string "HAProxy on {{ env "node.unique.name" }} sees more than one Spark master that may be ALIVE." if { nbsrv(uis) gt 1 }
  default_backend uis

backend masters
  mode tcp
  # Who connects while no master is ALIVE waits for the next one, for 15 s at most: a Spark application that is turned away
  # tries again after 20 s, and most takeovers take less than one. HAProxy goes on to another server where one refuses, every
  # 200 ms; while no master is up that is "nobody", where nothing ever listens.
  timeout connect 200ms
  option redispatch 1
  retries 75
  server nobody 127.0.0.1:1 backup
  # Spark tells its state in a line; STANDBY and RECOVERING get no traffic.
  option httpchk
  http-check send meth GET uri /json/status ver HTTP/1.1 hdr Host master
  http-check expect rstring "\"status\" *: *\"ALIVE\""
  load-server-state-from-file global
  # Two checks that fail mark a master down, within half a second, and nobody new is led there. Open connections stay: one that
  # only stands still for a second, as in a collection of garbage, would lose every application for good. Those of a master
  # that is gone the kernel ends.
  default-server check inter 250ms fastinter 100ms fall 2 rise 1 tcp-ut 10s
{{- range scratch.MapValues "masters" }}
  server {{ .Address }}:{{ .Port }}:{{ .ServiceMeta.ui_port }} {{ .Address }}:{{ .Port }} port {{ .ServiceMeta.ui_port }}
{{- end }}

backend uis
  mode http
  timeout server 1m
  # Spark's web server has room for one connection that waits (JettyUtils), and the kernel drops those beyond, which then come
  # again a second later. So connections are used again, and one that was dropped is given up soon.
  http-reuse always
  timeout connect 300ms
  retry-on conn-failure empty-response
  http-request disable-l7-retry if METH_POST
{{- range scratch.MapValues "masters" }}
  server {{ .Address }}:{{ .Port }}:{{ .ServiceMeta.ui_port }} {{ .Address }}:{{ .ServiceMeta.ui_port }} track masters/{{ .Address }}:{{ .Port }}:{{ .ServiceMeta.ui_port }}
{{- end }}

# Statistics for people, /metrics for Prometheus, /health for keepalived: on loopback, so not open to the world.
frontend statistics
  mode http
  bind 127.0.0.1:8404
  # keepalived's side holds a connection open: that it breaks tells of the end of this process at once.
  timeout http-request 7d
  monitor-uri /health
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /
  stats refresh 5s
EOT
keepalived_conf = {
  "borie" = <<EOT
# keepalived on borie: one of 2 hosts that can hold 10.20.0.9/24.
#
# nomspark fills in keepalived/keepalived.conf, an HCL template, for its Nomad job and for hosts that run keepalived
# under systemd.

global_defs {
  router_id borie
  vrrp_version 3
  # Scripts run as root only when nobody else could have changed them.
  enable_script_security
  script_user root
  # Neighbours that missed the news of a move hear it again.
  vrrp_garp_master_refresh 30
  # A holder that cannot say in time that it is alive loses the address: whatever else the machine does waits. Real time
  # would be better, but not by vrrp_rt_priority: with it the kernel kills keepalived 2.2 when it reads this file again.
  vrrp_priority -20
}

# 0 while HAProxy runs: a connection to it is held open, and tells at once that HAProxy is gone.
# (keepalived's own track_process hears of processes in the machine's first network namespace alone.)
track_file haproxy {
  file "{{ env "NOMAD_TASK_DIR" }}/haproxy.down"
  weight 0
}

# An HAProxy that runs but does not answer, or not in time, is of no use either.
vrrp_script answers {
  script "/bin/bash {{ env "NOMAD_TASK_DIR" }}/probe.sh 8404"
  interval 1
  timeout 1
  fall 2
  rise 1
  init_fail
}

vrrp_instance spark {
  # Never MASTER: two hosts that start as masters both take the address, and preemption could not be switched off.
  state BACKUP
  # The address stays where it is: every move cuts connections.
  nopreempt
  interface eth0
  virtual_router_id 51
  priority 250
  advert_int 0.10

  # VRRP version 3 knows no secret: only these hosts are listened to, and without one nobody is.
  unicast_src_ip 10.20.0.11
  unicast_peer {
    10.20.0.12
  }
  check_unicast_src
  unicast_fault_no_peer

  virtual_ipaddress {
    10.20.0.9/24 dev eth0
  }
  garp_master_delay 1
  garp_master_repeat 3

  # weight 0: whichever fails takes this host out, whatever the priorities; there is nothing to add up.
  track_file {
    haproxy weight 0
  }
  track_script {
    answers weight 0
  }

  notify "/bin/bash {{ env "NOMAD_TASK_DIR" }}/notify.sh spark borie"
}
EOT
  "republique" = <<EOT
# keepalived on republique: one of 2 hosts that can hold 10.20.0.9/24.
#
# nomspark fills in keepalived/keepalived.conf, an HCL template, for its Nomad job and for hosts that run keepalived
# under systemd.

global_defs {
  router_id republique
  vrrp_version 3
  # Scripts run as root only when nobody else could have changed them.
  enable_script_security
  script_user root
  # Neighbours that missed the news of a move hear it again.
  vrrp_garp_master_refresh 30
  # A holder that cannot say in time that it is alive loses the address: whatever else the machine does waits. Real time
  # would be better, but not by vrrp_rt_priority: with it the kernel kills keepalived 2.2 when it reads this file again.
  vrrp_priority -20
}

# 0 while HAProxy runs: a connection to it is held open, and tells at once that HAProxy is gone.
# (keepalived's own track_process hears of processes in the machine's first network namespace alone.)
track_file haproxy {
  file "{{ env "NOMAD_TASK_DIR" }}/haproxy.down"
  weight 0
}

# An HAProxy that runs but does not answer, or not in time, is of no use either.
vrrp_script answers {
  script "/bin/bash {{ env "NOMAD_TASK_DIR" }}/probe.sh 8404"
  interval 1
  timeout 1
  fall 2
  rise 1
  init_fail
}

vrrp_instance spark {
  # Never MASTER: two hosts that start as masters both take the address, and preemption could not be switched off.
  state BACKUP
  # The address stays where it is: every move cuts connections.
  nopreempt
  interface eth0
  virtual_router_id 51
  priority 130
  advert_int 0.10

  # VRRP version 3 knows no secret: only these hosts are listened to, and without one nobody is.
  unicast_src_ip 10.20.0.12
  unicast_peer {
    10.20.0.11
  }
  check_unicast_src
  unicast_fault_no_peer

  virtual_ipaddress {
    10.20.0.9/24 dev eth0
  }
  garp_master_delay 1
  garp_master_repeat 3

  # weight 0: whichever fails takes this host out, whatever the priorities; there is nothing to add up.
  track_file {
    haproxy weight 0
  }
  track_script {
    answers weight 0
  }

  notify "/bin/bash {{ env "NOMAD_TASK_DIR" }}/notify.sh spark republique"
}
EOT
}
ports = [
  7077,
  8080,
  8404
]
ours = false
own_ports = {}
hosts = {
  "borie" = {
    "interface" = "eth0"
    "address" = "10.20.0.11"
  }
  "republique" = {
    "interface" = "eth0"
    "address" = "10.20.0.12"
  }
}
script = <<EOT
#!/bin/bash
# Says on standard error what keeps this host from holding a floating address, a line for each reason. Changes nothing.
#
#   preflight.sh FOLDER VIP OURS PORT UI_PORT STATISTICS_PORT
#
# FOLDER holds haproxy.cfg and keepalived.conf. OURS is yes where this cluster's edge has the address already. INTERFACE and
# OWN_ADDRESS are this host's, OWN_PORTS are those on which the edge listens here already, with commas between them, and
# CONSUL_HTTP_ADDR is the host's Consul agent where that is not at 127.0.0.1:8500.
folder=$1 vip=$2 ours=$3
shift 3
interface=$${INTERFACE:?} own_address=$${OWN_ADDRESS:?} own_ports=,$${OWN_PORTS:-}, address=$${vip%/*} statistics=$${*: -1}
status=0

problem() {
  printf '%s\n' "$*" >&2
  status=1
}

missing=()
for program in haproxy keepalived ip ss setpriv flock nice comm sed timeout; do
  command -v "$program" >/dev/null || missing+=("$program")
done
# notify.sh speaks plain HTTP by itself.
if [[ $${CONSUL_HTTP_ADDR:-} == https://* || $${CONSUL_HTTP_ADDR:-} == unix://* ]]; then
  command -v curl >/dev/null || missing+=(curl)
fi
if (($${#missing[@]} > 0)); then
  problem "it lacks $${missing[*]}: install Debian's packages haproxy, keepalived, iproute2, sed and util-linux, or what has them elsewhere"
  exit 1
fi

# `ip` asks the kernel for this network namespace; /sys may be that of another one.
interfaces=
while read -r _ name _; do
  name=$${name%:}
  interfaces+=" $${name%@*}"
done < <(ip -o link show)

if [[ "$interfaces " != *" $interface "* ]]; then
  problem "it has no interface $interface; it has$interfaces"
elif [[ -z $(ip -o address show to "$own_address" dev "$interface") ]]; then
  problem "its interface $interface has no address $own_address"
elif [[ $ours != yes ]]; then
  # Whoever is sent something is looked for on the network first, unless it is known from before.
  ip neighbour flush to "$address" dev "$interface"
  { echo >"/dev/udp/$address/9"; } 2>/dev/null
  sleep 0.5
  if [[ -n $(ip -o address show to "$address") ]]; then
    problem "it has the address $address already, and not from this cluster"
  elif [[ $(ip neighbour show to "$address" dev "$interface") =~ lladdr\ ([0-9a-f:]+) ]]; then
    problem "another machine has the address $address already: the one whose link-layer address is $${BASH_REMATCH[1]}"
  fi
fi

for port; do
  if [[ $own_ports == *",$port,"* ]]; then continue; fi
  # HAProxy shows its statistics to the host alone, and everything else at the floating address alone.
  at=$address
  if [[ $port == "$statistics" ]]; then at=127.0.0.1; fi
  while read -r _ _ _ listens _ process; do
    case $listens in
      0.0.0.0:* | '*':* | '[::]':* | "$at":* | "[$at]":*)
        problem "its port $port is taken: something listens on $listens$${process:+, $process}"
        ;;
    esac
  done < <(ss -Hltnp "sport = :$port")
done

said=$(haproxy -c -f "$folder/haproxy.cfg" 2>&1) ||
  problem "its HAProxy ($(haproxy -v | head -n 1)) does not take the configuration: $${said//$'\n'/; }"
said=$(keepalived -t -f "$folder/keepalived.conf" 2>&1) ||
  problem "its keepalived ($(keepalived -v 2>&1 | head -n 1)) does not take the configuration: $${said//$'\n'/; }"
exit "$status"
EOT
