#!/bin/sh
# Checks the recovery plugin; needs a JDK 17 or newer and SPARK_HOME. SelfCheck is for the election and the records, without
# a cluster; ConsulCheck for what is asked of the Consul that CONSUL_HTTP_ADDR names.
# usage: test.sh [SelfCheck|ConsulCheck]
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
: "${SPARK_HOME:?is not set}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$here/build.sh" "$folder/recovery.jar"
javac --release 17 -proc:none -encoding UTF-8 -cp "$folder/recovery.jar:$SPARK_HOME/jars/*" \
  -d "$folder/classes" "$here"/test/nomspark/recovery/*.java
java -cp "$folder/classes:$folder/recovery.jar:$SPARK_HOME/jars/*" "nomspark.recovery.${1:-SelfCheck}"

echo 'Recovery: all checks passed'
