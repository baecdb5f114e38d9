#!/bin/bash
# keepalived calls this when the state of this host changes: writes down in Consul's KV store who holds the address.
#
#   notify.sh CLUSTER HOST INSTANCE NAME MASTER|BACKUP|FAULT|STOP PRIORITY
#
# CONSUL_HTTP_ADDR (default 127.0.0.1:8500) is the local agent, CONSUL_HTTP_TOKEN may write the key.
cluster=$1 host=$2 state=$5
key=nomspark/$cluster/edge/holder

# keepalived does not wait for this script: of several at the same time, only the one of the newest state has a say.
newest=${0%/*}/notify.state
printf '%s' "$state" >"$newest"
exec 9>"${0%/*}/notify.lock"
flock 9
is_newest() { [[ $(<"$newest") == "$state" ]]; }

# consul METHOD PATH [BODY]: prints the answer, header lines and all.
consul() {
  local address=${CONSUL_HTTP_ADDR:-127.0.0.1:8500} body=${3:-}
  address=${address#http://}
  exec 3<>"/dev/tcp/${address%:*}/${address##*:}" || return
  {
    printf '%s %s HTTP/1.0\r\n' "$1" "$2"
    [[ -z ${CONSUL_HTTP_TOKEN:-} ]] || printf 'X-Consul-Token: %s\r\n' "$CONSUL_HTTP_TOKEN"
    printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body"
  } >&3
  timeout 5 cat <&3
  exec 3>&-
}

if [[ $state == MASTER ]]; then
  # Consul may be electing a leader just now.
  for attempt in 1 2 3 4 5; do
    is_newest || exit 0
    consul PUT "/v1/kv/$key" "$host" | grep -q '^true' && exit 0
    sleep "$attempt"
  done
  echo "Consul did not take the note that $host holds the address" >&2
  exit 1
fi

is_newest || exit 0
# Not the holder (any more): the note goes if it still names this host, and nobody has changed it meanwhile.
answer=$(consul GET "/v1/kv/$key?raw" | tr -d '\r')
if [[ ${answer##*$'\n'} == "$host" && $answer =~ X-Consul-Index:\ ([0-9]+) ]]; then
  consul DELETE "/v1/kv/$key?cas=${BASH_REMATCH[1]}" >/dev/null
fi
