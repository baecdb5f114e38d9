# The floating address moves while an application runs. Sourced by demo.sh, in a lab of three hosts.
# shellcheck shell=bash

address=198.18.0.100

# holder: the host that answers at the address now, by its own word; nothing when none does.
holder() {
  # shellcheck disable=SC2016 # the inner shell expands it
  timeout 0.3 bash -c '
    exec 3<>"/dev/tcp/$0/8080" && printf "GET /nomspark/holder HTTP/1.0\r\n\r\n" >&3 && tail -n 1 <&3
  ' "$address" 2>/dev/null | tr -d '"'
}

# runs_spark HOST: whether the master, a worker or the driver is there.
runs_spark() {
  local job
  for job in spark-master spark-worker "$application"; do
    nomad job allocs -verbose "$job" | awk -v host="$1" '$4 == host && / running / { found = 1 } END { exit !found }' && return
  done
  return 1
}

# break_holder HOST: cuts the host off where no part of Spark is there, and kills HAProxy otherwise.
break_holder() {
  local allocation
  if ! runs_spark "$1"; then
    say "==> $1 has the address $address: cutting it off"
    "$nomspark" lab cut "$1"
    cut_host=$1
    return
  fi
  say "==> $1 has the address $address, and a part of Spark: killing HAProxy there"
  allocation=$(nomad job allocs -verbose spark-edge | awk -v host="$1" '$4 == host && / running / { print $1 }')
  nomad alloc signal -s SIGKILL -task haproxy "$allocation" >/dev/null
}

# executors: whether the master behind the address has given an application cores.
executors() { "$nomspark" status -o json | grep -q '"cores_used":[1-9]'; }

books=$TOOLS/books.txt
for ((copy = 0; copy < 1000; copy++)); do cat examples/alice.txt; done >"$books"
say "==> a thousand copies of the book, and the address moves meanwhile"
"$nomspark" wordcount --input "file://$books" --top 3 &
wordcount=$!
until executors; do
  kill -0 "$wordcount" 2>/dev/null || fail "the WordCount ended before it counted"
  sleep 0.2
done
application=$("$nomspark" status -o json | grep -o '"id":"spark-wordcount-[0-9a-f]*","status":"running"' | cut -d'"' -f4)

cut_host=
before=$(holder)
break_holder "$before"
moved=$EPOCHREALTIME
until after=$(holder) && [[ $after && $after != "$before" ]]; do
  ((${EPOCHREALTIME%.*} - ${moved%.*} < 60)) || fail "nobody has taken over $address within a minute" "nomspark status"
done
say "==> $address answers from $after, $(((${EPOCHREALTIME/./} - ${moved/./}) / 1000)) ms after that"
# Whoever follows the job through this host's Nomad goes on as well.
if [[ $cut_host ]]; then
  sleep 2
  "$nomspark" lab mend "$cut_host"
fi
wait "$wordcount"
rm -f "$books"
