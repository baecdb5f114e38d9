#!/bin/sh
# Checks the WordCount application; needs a JDK 17 or newer and SPARK_HOME, no cluster.
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
: "${SPARK_HOME:?is not set}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/classes" "$folder/files" "$folder/local"

"$here/build.sh" "$folder/wordcount.jar"
javac --release 17 -proc:none -encoding UTF-8 -cp "$folder/wordcount.jar:$SPARK_HOME/jars/*" \
  -d "$folder/classes" "$here"/test/nomspark/*.java
# The classes of the application go into the same jar, because they share a package.
jar --update --file="$folder/wordcount.jar" -C "$folder/classes" .

SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$folder/local \
  "$SPARK_HOME/bin/spark-submit" --master 'local[2]' \
  --conf spark.ui.enabled=false --conf spark.log.level=ERROR \
  --driver-java-options "-Djava.io.tmpdir=$folder/local -XX:TieredStopAtLevel=1" \
  --class nomspark.SelfCheck "$folder/wordcount.jar" "$folder/files"

echo 'WordCount: all checks passed'
