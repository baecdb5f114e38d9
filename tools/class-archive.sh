#!/usr/bin/env bash
# Archives the classes of a Spark, as Java has read and verified them: with the archive SPARK_HOME/nomspark.jsa workers,
# drivers and executors of nomspark start with about half of the CPU time. Only this Java reads it, and only while Spark's
# jars stay as and where they are; otherwise Java starts as if it were not there. It archives nothing where SPARK_HOME/conf
# has files.
#
# usage: class-archive.sh SPARK_HOME
set -euo pipefail
SPARK_HOME=$(cd "${1:?usage: class-archive.sh SPARK_HOME}" && pwd)
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [[ $(ls -A "$SPARK_HOME/conf" 2>/dev/null) ]]; then
  echo "error: $SPARK_HOME/conf has files: Java archives no classes beside them" >&2
  exit 1
fi
work=$(mktemp -d "$SPARK_HOME/.nomspark-XXXXXX")
trap 'rm -rf "$work"' EXIT

# Master, worker and driver in one process; it counts a book, as they will do.
cd "$work"
"$SPARK_HOME/bin/spark-submit" --master 'local-cluster[1,1,512]' --driver-memory 512m \
  --conf spark.driver.host=127.0.0.1 --conf spark.ui.port=0 --conf spark.executor.memory=512m \
  --driver-java-options "-XX:ArchiveClassesAtExit=$work/nomspark.jsa -Xlog:cds*=off" \
  --class nomspark.WordCount "$checkout/jobs/wordcount/wordcount.jar" \
  --input "file://$checkout/examples/alice.txt" --output "$work" --top 1 >/dev/null
mv "$work/nomspark.jsa" "$SPARK_HOME/nomspark.jsa"
