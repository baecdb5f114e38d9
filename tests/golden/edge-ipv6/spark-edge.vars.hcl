cluster = "spark"
nomspark_version = "VERSION"
datacenters = [
  "*"
]
node_pool = "default"
driver = "raw_exec"
image = null
vip = "fd00:20::9/64"
haproxy_cfg = <<EOT
# HAProxy before the Spark masters of the cluster spark: whoever asks [fd00:20::9] reaches the one master that is ALIVE.
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
  bind [fd00:20::9]:7077 transparent tcp-ut 10s
  # When HAProxy starts, servers count as up until their first check, and two leaders are one too many at any time: nobody is
  # better than the wrong one.
  tcp-request connection reject if { nbsrv(masters) gt 1 }
  default_backend masters

# The web UI
frontend ui
  mode http
  bind [fd00:20::9]:8080 transparent
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
# keepalived on borie: one of 2 hosts that can hold fd00:20::9/64.
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
  unicast_src_ip fd00:20::11
  unicast_peer {
    fd00:20::12
  }
  check_unicast_src
  unicast_fault_no_peer

  virtual_ipaddress {
    fd00:20::9/64 dev eth0
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
# keepalived on republique: one of 2 hosts that can hold fd00:20::9/64.
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
  unicast_src_ip fd00:20::12
  unicast_peer {
    fd00:20::11
  }
  check_unicast_src
  unicast_fault_no_peer

  virtual_ipaddress {
    fd00:20::9/64 dev eth0
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
router_id = 51
port = 7077
ui_port = 8080
stats_port = 8404
scripts = {
  "keepalived.sh" = <<EOT
#!/bin/bash
# Runs keepalived as a Nomad task, in such a way that no end of it leaves the address behind.
#
#   keepalived.sh CONFIGURATION STATISTICS_PORT ADDRESS
#
# Beside keepalived it holds a connection to the local HAProxy open, whose end tells at once that HAProxy is gone.
configuration=$1 port=$2 address=$3
folder=$${configuration%/*}

# Nothing ever arrives on this pipe: reading from it waits without starting a process.
exec {never}<> <(:)
pause() { read -r -t "$1" -u "$never" _; }

# child_of CHILD PARENT: whether the process that started a process is still there.
child_of() {
  local parent
  read -r _ _ _ parent _ <"/proc/$1/stat" && [[ $parent == "$2" ]]
}

# keepalived goes by this file: 0 means that HAProxy runs.
watch_haproxy() {
  local connection self=$BASHPID
  trap '' HUP
  while child_of "$self" $$; do
    if exec {connection}<>"/dev/tcp/127.0.0.1/$port"; then
      printf 0 >"$folder/haproxy.down"
      # HAProxy says nothing here; more than 128 is the end of the second, anything else that of the connection.
      while read -r -t 1 -u "$connection" _ || (($? > 128)); do
        child_of "$self" $$ || return
      done
      exec {connection}>&-
    else
      printf 1 >"$folder/haproxy.down"
      pause 0.1
    fi
  done
}

# keepalived drops what its scripts print. What notify.sh has to say comes through a file, to the task's log.
: >"$folder/notify.said"
rm -f "$folder/notify.failed"
exec {said}<"$folder/notify.said"
pass_on() {
  local line
  while read -r line <&"$said"; do printf '%s\n' "$line" >&2; done
}

printf 1 >"$folder/haproxy.down"
watch_haproxy 2>/dev/null &
watcher=$!

# keepalived does not start beside another one, which it knows by the number that it wrote down. After one that was killed
# the number may be that of any process, and in a container, where numbers begin anew, it is at once.
for file in "$folder"/{keepalived,vrrp}.pid; do
  if [[ -e $file ]] && ! grep -qsx keepalived "/proc/$(<"$file")/comm"; then
    rm "$file"
  fi
done

# A kernel with CONFIG_RT_GROUP_SCHED gives no real time to Nomad's control groups of version 1, as nobody set any aside for
# them. keepalived uses next to nothing and goes to the group of the whole host then.
leave_control_group() {
  local group
  group=/sys/fs/cgroup/cpu$(sed -En 's/^[0-9]+:cpu(,cpuacct)?://p' /proc/self/cgroup)
  if [[ $(<"$group/cpu.rt_runtime_us") == 0 ]]; then echo "$BASHPID" >/sys/fs/cgroup/cpu/cgroup.procs; fi
}

# On SIGTERM keepalived resigns and takes the address away. It gets one when this script ends in whatever way.
#
# It runs in real time: on a busy host it hears the others too late without, and takes the address from the one that has it.
{
  leave_control_group 2>/dev/null
  first=(chrt --rr 50)
  # As in a container.
  "$${first[@]}" true 2>/dev/null || first=(nice -n -20)
  exec setpriv --pdeathsig TERM "$${first[@]}" keepalived --dont-fork --log-console --log-detail \
    --use-file "$configuration" --pid "$folder/keepalived.pid" --vrrp_pid "$folder/vrrp.pid"
} &
keepalived=$!
trap 'kill -TERM "$keepalived"' TERM INT
trap 'kill -HUP "$keepalived"' HUP

# Nomad's executor is the parent. Without it nobody could stop this, and Nomad soon starts another. In a container there is
# none: the parent is 0, which never goes, and the end of this ends all that is in the container.
executor=$PPID
while kill -0 "$keepalived" 2>/dev/null; do
  child_of $$ "$executor" || kill -TERM "$keepalived"
  pass_on
  pause 0.1
done
wait "$keepalived"
status=$?
pass_on
# One that was killed could not do it itself, and another host is about to take the address.
/bin/bash "$folder/release.sh" "$address"
kill "$watcher" 2>/dev/null
exit "$status"
EOT
  "notify.sh" = <<EOT
#!/bin/bash
# keepalived calls this when the state of this host changes: writes down in Consul's KV store who holds the address.
#
#   notify.sh CLUSTER HOST INSTANCE NAME MASTER|BACKUP|FAULT|STOP PRIORITY
#
# CONSUL_HTTP_ADDR (default 127.0.0.1:8500) is the local agent, CONSUL_HTTP_TOKEN may write the key. https:// and unix:// need
# curl. Why it fails is in notify.failed beside it, as long as that is so.
cluster=$1 host=$2 state=$5
key=nomspark/$cluster/edge/holder folder=$${0%/*}
agent=$${CONSUL_HTTP_ADDR:-127.0.0.1:8500}

# keepalived does not wait for this script: of several at the same time, only the one of the newest state has a say. Which one
# that is, the kernel knows: on a busy host a script may run later than one that was started after it.
newest=$folder/notify.state
read -r -a process <"/proc/$$/stat"
boot=$(</proc/sys/kernel/random/boot_id) started=$${process[21]}
exec 8>"$newest.lock"
flock 8
read -r known_boot known_started known_pid _ 2>/dev/null <"$newest" || known_boot=''
unordered=''
if [[ $known_boot != "$boot" ]] || ((started > known_started || (started == known_started && $$ > known_pid))); then
  # On a full disk the order is not known any more; the note matters more.
  { printf '%s %s %s %s\n' "$boot" "$started" "$$" "$state" >"$newest.part" && mv "$newest.part" "$newest"; } || {
    rm -f "$newest"
    unordered=yes
  }
fi
exec 8>&-
exec 9>"$folder/notify.lock"
flock 9
is_newest() { [[ -n $unordered || $(<"$newest") == "$boot $started $$ $state" ]]; }

# failed WHAT ANSWER: says why. keepalived drops what its scripts print; keepalived.sh passes notify.said on to the task's log.
failed() {
  local what=$1 first=$${2%%$'\n'*} last=$${2##*$'\n'} reason
  case $first in
    HTTP/*) reason="it answered $${first#* }: $last" ;;
    curl:*) reason=$last ;;
    '') reason="it did not answer within 5 s" ;;
    *) reason=$${last##*: } ;;
  esac
  reason="Consul at $agent $what: $reason"
  # Once is enough, however often it is tried.
  if [[ -e $folder/notify.failed && $(<"$folder/notify.failed") == "$reason" ]]; then return; fi
  printf '%s\n' "$reason" >"$folder/notify.failed"
  if [[ -n $${NOMAD_TASK_DIR:-} ]]; then
    printf 'notify.sh: %s\n' "$reason" >>"$folder/notify.said"
  else
    logger -t notify.sh -- "$reason"
  fi
}

# consul METHOD PATH [BODY]: prints the answer, header lines and all, without carriage returns; or why there is none.
consul() { ask "$@" 2>&1 | tr -d '\r'; }

ask() {
  local address=$${agent#http://} body=$${3:-}
  case $agent in
    https://*) with_curl "$agent$2" "$1" "$body" ;;
    unix://*) with_curl "http://localhost$2" "$1" "$body" --unix-socket "$${agent#unix://}" ;;
    *)
      address=$${address%/}
      local name=$${address%:*}
      name=$${name#[}
      exec 3<>"/dev/tcp/$${name%]}/$${address##*:}" || return
      {
        printf '%s %s HTTP/1.0\r\n' "$1" "$2"
        [[ -z $${CONSUL_HTTP_TOKEN:-} ]] || printf 'X-Consul-Token: %s\r\n' "$CONSUL_HTTP_TOKEN"
        printf 'Content-Length: %d\r\n\r\n%s' "$${#body}" "$body"
      } >&3
      timeout 5 cat <&3
      exec 3>&-
      ;;
  esac
}

# with_curl URL METHOD BODY OPTION...: the token is not for everybody who lists processes.
with_curl() {
  local url=$1 method=$2 body=$3
  shift 3
  { [[ -z $${CONSUL_HTTP_TOKEN:-} ]] || printf 'header = "X-Consul-Token: %s"\n' "$CONSUL_HTTP_TOKEN"; } |
    curl --config - --silent --show-error --include --http1.1 --noproxy '*' --max-time 5 \
      --request "$method" --data-binary "$body" "$@" "$url"
}

# write_note [QUERY]: writes down that this host holds the address. With a query somebody may have come before it: that is no failure.
write_note() {
  local answer
  answer=$(consul PUT "/v1/kv/$key$${1:-}" "$host")
  if [[ $answer == HTTP/*' 200 '* && ($${answer##*$'\n'} == true* || -n $${1:-}) ]]; then
    rm -f "$folder/notify.failed"
  else
    failed "did not take the note that $host holds the address" "$answer"
    return 1
  fi
}

# keep_note IS_WRITTEN: writes the note where Consul did not take it, and again where it is gone: a host that held the address for a
# moment as well may have taken it over, and away with it. A note that was written and is there names somebody who came later.
# It ends with the keepalived that called this script.
keep_note() {
  local written=$1
  while sleep 5 && kill -0 "$PPID" && is_newest; do
    if [[ -n $written && $(consul GET "/v1/kv/$key?raw") != HTTP/*' 404'* ]]; then continue; fi
    {
      flock 9
      if is_newest && write_note "$${written:+?cas=0}"; then written=yes; fi
    } 9>"$folder/notify.lock"
  done
}

if [[ $state == MASTER ]]; then
  # Consul may be electing a leader just now.
  written='' status=1
  for attempt in 1 2 3 4 5; do
    is_newest || exit 0
    if write_note; then
      written=yes status=0
      break
    fi
    sleep "$attempt"
  done
  exec 9>&-
  if [[ -z $unordered ]]; then keep_note "$written" </dev/null >/dev/null 2>&1 & fi
  exit "$status"
fi

is_newest || exit 0
# Not the holder (any more): the note goes if it still names this host, and nobody has changed it meanwhile.
answer=$(consul GET "/v1/kv/$key?raw")
if [[ $answer != HTTP/*' '200* && $answer != HTTP/*' '404* ]]; then
  failed "did not tell who holds the address" "$answer"
  exit 1
fi
if [[ $${answer##*$'\n'} == "$host" && $answer =~ X-Consul-Index:\ ([0-9]+) ]]; then
  answer=$(consul DELETE "/v1/kv/$key?cas=$${BASH_REMATCH[1]}")
  if [[ $answer != HTTP/*' '200* ]]; then
    failed "did not remove the note that $host holds the address" "$answer"
    exit 1
  fi
fi
rm -f "$folder/notify.failed"
EOT
  "probe.sh" = <<EOT
#!/bin/bash
# Exit code 0: the HAProxy of this host answers on its statistics port, the only argument, within a second.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET /health HTTP/1.0\r\n\r\n' >&3
read -t 1 -r line <&3
[[ $line == *' 200 '* ]]
EOT
  "release.sh" = <<EOT
#!/bin/bash
# Takes the floating address away from this host, its only argument, in case keepalived left it behind.
ip -o address show to "$1" | while read -r _ interface _ address _; do
  ip address delete "$address" dev "$interface"
done
EOT
  "reload.sh" = <<EOT
#!/bin/bash
# Has HAProxy read its configuration again, until it knows the masters that stand there.
#
#   reload.sh STATISTICS_PORT
#
# HAProxy loses a signal that arrives while it still follows the one before, and two changes soon after another are what
# a master that is replaced looks like. Nomad waits for this script before it renders the next change.
folder=$${0%/*} statistics_port=$1

wanted() { sed -n '/^backend masters/,/^backend uis/s/^  server \([^ ]*:[^ ]*\) .*/\1/p' "$folder/haproxy.cfg" | sort; }

# The masters that HAProxy's statistics list, each with its status.
statistics() {
  exec 3<>"/dev/tcp/127.0.0.1/$statistics_port" || return
  printf 'GET /;csv HTTP/1.0\r\n\r\n' >&3
  timeout 2 sed -nE '/^masters,(nobody|BACKEND),/d; s/^masters,([^,]*),([^,]*,){15}([^,]*),.*/\1 \3/p' <&3
} 2>/dev/null

names() { cut -d ' ' -f 1 | sort; }
up() { sed -n 's/ UP.*//p' | sort; }

# Whether the configuration is worth a new process now. Clients that came while no master was up wait in the process that they
# came to, and lose their connections with it. So where nothing but masters that are gone would change, theirs comes first, for
# 10 s at most: one of those that stay leads next, and HAProxy leads them there within 0.2 s.
is_time() {
  local known both wanted end=$((SECONDS + 10)) waited=''
  wanted=$(wanted)
  while ((SECONDS < end)); do
    known=$(statistics) || return 0
    both=$(comm -12 <(names <<<"$known") - <<<"$wanted")
    [[ -n $both && $both == "$wanted" ]] || return 0
    if [[ -n $(comm -12 <(up <<<"$known") - <<<"$wanted") ]]; then
      [[ -z $waited ]] || sleep 0.5
      return 0
    fi
    [[ $both != "$(names <<<"$known")" ]] || return 1
    waited=yes
    sleep 0.1
  done
}

# What a new process is to believe until its first checks, in the form of HAProxy's own `show servers state`: the master that
# was up is up, and nobody else. Without it a new process takes every master for up, and one on a lost host for a second.
# HAProxy believes the ports of this file, not those of its configuration: a 0 there leads every connection nowhere.
states() {
  local known up server address port check_port state
  echo 1
  known=$(statistics) || return
  up=$(up <<<"$known")
  while read -r server; do
    address=$${server%:*:*} check_port=$${server##*:}
    port=$${server#"$address":} port=$${port%:*}
    # Operational state, administrative state, weights, seconds, then what a check reported: 2 is running, 0 is stopped.
    if grep -Fqx "$server" <<<"$up"; then state='2 0 1 1 0 15 3 1 6'; else state='0 0 1 1 0 7 2 0 6'; fi
    echo "1 masters 1 $server $address $state 0 0 0 - $port - 0 $check_port - - 0"
  done < <(wanted)
}

# A HAProxy that is started anew, at whatever time, finds out by itself who is up.
trap 'echo 1 >"$folder/servers.state"' EXIT

is_time || exit 0
for ((round = 0; round < 100; round++)); do
  # Again every second: the first signals may be lost.
  if ((round % 10 == 0)); then
    states >"$folder/servers.state"
    pid=$(<"$folder/haproxy.pid")
    # Whoever has the number of one that has ended would end by the signal.
    runs=$(<"/proc/$pid/comm")
    if [[ $runs == haproxy ]]; then kill -USR2 "$pid"; else echo "process $pid of haproxy.pid is $${runs:-gone}" >&2; fi
  fi
  sleep 0.1
  if known=$(statistics) && [[ $(names <<<"$known") == "$(wanted)" ]]; then
    exit 0
  fi
done
echo "HAProxy does not know the masters of $folder/haproxy.cfg" >&2
exit 1
EOT
}
links = [
  {
    "label" = "Spark's documentation"
    "url" = "https://spark.apache.org/docs/latest/spark-standalone.html"
  }
]
