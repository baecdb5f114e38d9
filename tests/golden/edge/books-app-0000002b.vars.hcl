cluster = "books"
nomspark_version = "VERSION"
datacenters = [
  "*"
]
node_pool = "default"
driver = "docker"
image = "apache/spark:4.1.0"
spark_home = "/opt/spark"
conf = {
  "spark.driver.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
  "spark.executor.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
  "spark.executor.heartbeatInterval" = "5s"
  "spark.executor.memory" = "512m"
  "spark.network.timeoutInterval" = "5s"
  "spark.shuffle.io.connectionCreationTimeout" = "5s"
  "spark.shuffle.io.connectionTimeout" = "30s"
  "spark.storage.blockManagerHeartbeatTimeoutMs" = "30s"
}
links = [
  {
    "label" = "Spark's documentation"
    "url" = "https://spark.apache.org/docs/latest/spark-standalone.html"
  }
]
id = "0000002b"
master = "spark://10.20.0.9:17077"
masters_ui = "10.20.0.9:18080"
at_most = 600
cores_max = 3
avoid_nodes = [
  "7bf2b1a6-3a4f-4d0e-9d4b-0f3f6a1c2e55",
  "c0ffee00-1111-2222-3333-444455556666"
]
application = "APPLICATION"
cpu = 500
memory = 896
heap = 512
follow = <<EOT
#!/bin/bash
# Runs a program of Spark with the master to which the floating address leads, for as long as that master knows it.
#
#   follow.sh UI URL WORDS COMMAND...
#
# UI is HOST:PORT of the web UI at the floating address and URL its spark:// URL. COMMAND gets the master's own URL in
# the place of URL: a connection through the address ends when the address moves, and Spark's master gives up a worker
# or an application whose connection ended. WORDS stand in the master's /json/ where it knows the program.
ui=$1 url=$2 words=$3
shift 3

# get HOST:PORT PATH: the answer of a web server.
get() { connected 2 "$1" "printf 'GET $2 HTTP/1.0\r\n\r\n' >&3"; }

# connected SECONDS HOST:PORT [COMMAND]: stays connected until the other side ends it, and prints what comes from there.
# It takes the place of the subshell in which it is called, so that whoever kills that leaves nothing behind.
connected() {
  local host=$${2%:*}
  host=$${host#[}
  # shellcheck disable=SC2016 # the inner shell expands it
  exec timeout "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1" && eval "$2" && cat <&3' "$${host%]}" "$${2##*:}" "$${3:-}" 2>/dev/null
}

# Sets leader to the URL of the master that is ALIVE, and where it knows the program, known to "runs" or "ended".
look() {
  local line whole last='' list=runs found=''
  leader='' known=''
  while IFS= read -r whole || [[ -n $whole ]]; do
    last=$whole
    read -r line <<<"$whole"
    if [[ $line =~ ^\"url\"\ :\ \"(spark://[^\"]+)\" ]]; then leader=$${BASH_REMATCH[1]}; fi
    # Applications that ended come last.
    if [[ $line == '"completedapps"'* ]]; then list=ended; fi
    if [[ $line == *"$words"* ]]; then found=yes; fi
    # A worker that was given up stays listed for a while.
    if [[ -n $found && $line == '"state" : '* ]]; then
      if [[ -z $known && $line != *'"DEAD"'* ]]; then known=$list; fi
      found=''
    fi
  done < <(get "$ui" /json/)
  # An answer that was cut off does not say what the master knows.
  [[ -n $leader && $last == '}' ]]
}

# Waits until the program or another process has ended, and returns what that ended with.
#
# Bash's `wait -n` misses a process that ends in the moment of the call, about one in 8,000 on a busy machine, and then
# waits for the other one alone: so it never waits for longer than a second.
program_or() {
  while kill -0 "$program" 2>/dev/null && kill -0 "$1" 2>/dev/null; do
    sleep 1 &
    # It calls one that has ended already no job.
    wait -n "$program" "$1" "$!" 2>/dev/null
  done
  kill "$1" 2>/dev/null
  wait "$1"
}

# Returns when the program has ended, or when no master that leads will ever know it.
follow() {
  local gone='' patience elected=''
  while kill -0 "$program" 2>/dev/null; do
    if [[ -z $gone ]]; then
      # Where the master dies this ends at once; where its host is cut off, only the address knows.
      connected 30 "$${master#spark://}" &
      program_or "$!"
      if (($? == 124)) && [[ $(get "$ui" /json/url) == *"\"$master\""* ]]; then
        # One that was only just elected may still have given the program up.
        if [[ -z $elected ]] || ! look || [[ $leader != "$master" ]]; then continue; fi
        elected=''
        if [[ -n $known ]]; then continue; fi
      fi
      # The usual end: nothing is left to ask.
      if ! kill -0 "$program" 2>/dev/null; then return; fi
      gone=$SECONDS
    else
      sleep 1 &
      wait "$!"
    fi
    # The time without any leader does not count.
    if ! look; then
      gone=$SECONDS
      continue
    fi
    if [[ $known == runs ]]; then
      master=$leader gone='' elected=yes
      continue
    fi
    # At the master that it had, Spark itself tries again every 5 to 15 s; another one it only joins when that calls it.
    patience=5
    if [[ $leader == "$master" ]]; then patience=20; fi
    if ((SECONDS - gone >= patience)); then
      echo "$master is gone, and $leader leads now and knows nothing of this program: starting it again" >&2
      return
    fi
  done
}

program=''
stop() {
  if [[ -n $program ]]; then
    kill -TERM "$program" 2>/dev/null
    wait "$program"
  fi
  exit
}
trap stop INT TERM

while true; do
  asked=$SECONDS
  until look; do
    if ((SECONDS - asked >= 600)); then
      echo "no Spark master was ALIVE at http://$ui for 10 minutes" >&2
      exit 1
    fi
    sleep 0.2 &
    wait "$!"
  done
  master=$leader
  "$${@/"$url"/"$master"}" &
  program=$!
  follow
  if ! kill -0 "$program" 2>/dev/null; then
    wait "$program"
    exit
  fi
  # A worker that is asked to end takes seconds, and so long joins any master that calls it: each executor that it is
  # given then fails at once, and an application that sees ten of them fail is given up. Java may also hang in its own
  # clean-up. Executors end with their worker or driver.
  kill -KILL "$program" 2>/dev/null
  wait "$program"
done
EOT
