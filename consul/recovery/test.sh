#!/bin/sh
# Checks the election and the records of the recovery plugin; needs a JDK 17 or newer and SPARK_HOME, no cluster.
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
: "${SPARK_HOME:?is not set}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$here/build.sh" "$folder/recovery.jar"
javac --release 17 -proc:none -encoding UTF-8 -cp "$folder/recovery.jar:$SPARK_HOME/jars/*" \
  -d "$folder/classes" "$here"/test/nomspark/recovery/*.java
java -cp "$folder/classes:$folder/recovery.jar:$SPARK_HOME/jars/*" nomspark.recovery.SelfCheck

echo 'Recovery: all checks passed'
