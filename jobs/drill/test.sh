#!/bin/sh
# Checks the application that runs through failover drills; needs a JDK 17 or newer and SPARK_HOME, no cluster.
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
: "${SPARK_HOME:?is not set}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/classes" "$folder/files" "$folder/local"

# submit MASTER CLASS ARGUMENT...
submit() {
  master=$1
  class=$2
  shift 2
  SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$folder/local \
    "$SPARK_HOME/bin/spark-submit" --master "$master" \
    --conf spark.ui.enabled=false --conf spark.log.level=OFF \
    --driver-java-options "-Djava.io.tmpdir=$folder/local -XX:TieredStopAtLevel=1" \
    --class "$class" "$folder/drill.jar" "$@"
}

"$here/build.sh" "$folder/drill.jar"
javac --release 17 -proc:none -encoding UTF-8 -cp "$folder/drill.jar:$SPARK_HOME/jars/*" \
  -d "$folder/classes" "$here"/test/nomspark/drill/*.java
# The classes of the application go into the same jar, because they share a package.
jar --update --file="$folder/drill.jar" -C "$folder/classes" .

submit 'local[2]' nomspark.drill.SelfCheck "$folder/files"

echo 'check: the time ends it where no master ever answers'
# Nothing listens on port 1. This ends the whole process, so it needs one of its own.
submit spark://127.0.0.1:1 nomspark.drill.Drill \
  --listen "127.0.0.1:$(cat "$folder/files/port")" --end "$folder/end" --at-most 3

echo 'Drill: all checks passed'
