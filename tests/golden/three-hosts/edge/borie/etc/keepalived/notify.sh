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

# keepalived does not wait for this script: of several at the same time, only the one of the newest state has a say.
newest=$folder/notify.state
printf '%s' "$state" >"$newest"
exec 9>"$folder/notify.lock"
flock 9
is_newest() { [[ $(<"$newest") == "$state" ]]; }

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

if [[ $state == MASTER ]]; then
  # Consul may be electing a leader just now.
  for attempt in 1 2 3 4 5; do
    is_newest || exit 0
    answer=$(consul PUT "/v1/kv/$key" "$host")
    if [[ $answer == HTTP/*' 200 '* && ${answer##*$'\n'} == true* ]]; then
      rm -f "$folder/notify.failed"
      exit 0
    fi
    failed "did not take the note that $host holds the address" "$answer"
    sleep "$attempt"
  done
  exit 1
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
