# The environment in which nomspark finds what set-up chose: the user's own tools
# first, .tools otherwise. Sourced after report.sh by demo.sh, test.sh and bench.sh.
# shellcheck shell=bash
. "$ROOT/tools/nomad.sh"
. "$ROOT/tools/spark.sh"

if users_nomad >/dev/null; then
  PATH=$PATH:$TOOLS/bin
else
  PATH=$TOOLS/bin:$PATH # a nomad that is too old may be on PATH
fi
users_spark || SPARK_HOME=$TOOLS/spark/pyspark
export PATH SPARK_HOME
