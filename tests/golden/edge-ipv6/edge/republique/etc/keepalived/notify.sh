#!/bin/bash
# keepalived calls this when the state of this host changes: writes down in Consul's KV store who holds the address.
#
#   notify.sh CLUSTER HOST INSTANCE NAME MASTER|BACKUP|FAULT|STOP PRIORITY
#
# CONSUL_HTTP_ADDR (default 127.0.0.1:8500) is the local agent, CONSUL_HTTP_TOKEN may write the key. https:// and unix:// need
# curl. Why it fails is in notify.failed beside it, as long as that is so.
cluster=$1 host=$2 state=$5
key=nomspark/$cluster/edge/holder folder=${0%/*}
agent=${CONSUL_HTTP_ADDR:-127.0.0.1:8500}

# keepalived does not wait for this script: of several at the same time, only the one of the newest state has a say. Which one
# that is, the kernel knows: on a busy host a script may run later than one that was started after it.
newest=$folder/notify.state
read -r -a process <"/proc/$$/stat"
boot=$(</proc/sys/kernel/random/boot_id) started=${process[21]}
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
  local what=$1 first=${2%%$'\n'*} last=${2##*$'\n'} reason
  case $first in
    HTTP/*) reason="it answered ${first#* }: $last" ;;
    curl:*) reason=$last ;;
    '') reason="it did not answer within 5 s" ;;
    *) reason=${last##*: } ;;
  esac
  reason="Consul at $agent $what: $reason"
  # Once is enough, however often it is tried.
  if [[ -e $folder/notify.failed && $(<"$folder/notify.failed") == "$reason" ]]; then return; fi
  printf '%s\n' "$reason" >"$folder/notify.failed"
  if [[ -n ${NOMAD_TASK_DIR:-} ]]; then
    printf 'notify.sh: %s\n' "$reason" >>"$folder/notify.said"
  else
    logger -t notify.sh -- "$reason"
  fi
}

# consul METHOD PATH [BODY]: prints the answer, header lines and all, without carriage returns; or why there is none.
consul() { ask "$@" 2>&1 | tr -d '\r'; }

ask() {
  local address=${agent#http://} body=${3:-}
  case $agent in
    https://*) with_curl "$agent$2" "$1" "$body" ;;
    unix://*) with_curl "http://localhost$2" "$1" "$body" --unix-socket "${agent#unix://}" ;;
    *)
      address=${address%/}
      local name=${address%:*}
      name=${name#[}
      exec 3<>"/dev/tcp/${name%]}/${address##*:}" || return
      {
        printf '%s %s HTTP/1.0\r\n' "$1" "$2"
        [[ -z ${CONSUL_HTTP_TOKEN:-} ]] || printf 'X-Consul-Token: %s\r\n' "$CONSUL_HTTP_TOKEN"
        printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body"
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
  { [[ -z ${CONSUL_HTTP_TOKEN:-} ]] || printf 'header = "X-Consul-Token: %s"\n' "$CONSUL_HTTP_TOKEN"; } |
    curl --config - --silent --show-error --include --http1.1 --noproxy '*' --max-time 5 \
      --request "$method" --data-binary "$body" "$@" "$url"
}

# write_note [QUERY]: writes down that this host holds the address. With a query somebody may have come before it: that is no failure.
write_note() {
  local answer
  answer=$(consul PUT "/v1/kv/$key${1:-}" "$host")
  if [[ $answer == HTTP/*' 200 '* && (${answer##*$'\n'} == true* || -n ${1:-}) ]]; then
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
      if is_newest && write_note "${written:+?cas=0}"; then written=yes; fi
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
if [[ ${answer##*$'\n'} == "$host" && $answer =~ X-Consul-Index:\ ([0-9]+) ]]; then
  answer=$(consul DELETE "/v1/kv/$key?cas=${BASH_REMATCH[1]}")
  if [[ $answer != HTTP/*' '200* ]]; then
    failed "did not remove the note that $host holds the address" "$answer"
    exit 1
  fi
fi
rm -f "$folder/notify.failed"
