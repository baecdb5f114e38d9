# Spark: the user's own SPARK_HOME, otherwise the Python package, which is a whole
# SPARK_HOME with the standalone master and worker in it. Sourced by setup.sh.
# shellcheck shell=bash

SPARK_VERSION=4.3.0

users_spark() { [[ ${SPARK_HOME:-} && -x $SPARK_HOME/bin/spark-class && ! $SPARK_HOME -ef $TOOLS/spark/pyspark ]]; }

spark_missing() {
  ! users_spark && ! { stamped spark "$SPARK_VERSION" && [[ -x $TOOLS/spark/pyspark/bin/spark-class ]]; }
}

# A Python with pip: Debian's comes without, and another one may stand before it on PATH.
pip_python() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then
      printf '%s\n' "$python"
      return 0
    fi
  done
  return 1
}

fetch_spark() {
  # --target leaves Python's own packages alone, also where they are managed by the
  # distribution; a user's "install for me" or "only in a virtualenv" would contradict it.
  # With TMPDIR beside the target, half a gigabyte is renamed instead of copied.
  PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 TMPDIR=$WORK "$1" -m pip install --no-input \
    --disable-pip-version-check --progress-bar off --no-compile --target "$WORK/spark" "pyspark==$SPARK_VERSION"
  [[ -x $WORK/spark/pyspark/bin/spark-class ]]
}

setup_spark() {
  if users_spark; then
    say "    spark: $SPARK_HOME, from SPARK_HOME"
    return
  fi
  if [[ ${SPARK_HOME:-} && ! $SPARK_HOME -ef $TOOLS/spark/pyspark ]]; then
    say "    spark: SPARK_HOME=$SPARK_HOME has no bin/spark-class and stays unused"
  fi
  if spark_missing; then
    step spark "fetching Spark $SPARK_VERSION, 500 MB unpacked" "1 minute" fetch_spark "$(pip_python)"
    if [[ -e $TOOLS/spark ]]; then mv "$TOOLS/spark" "$WORK/old-spark"; fi
    mv "$WORK/spark" "$TOOLS/spark"
    stamp spark "$SPARK_VERSION"
  else
    say "    spark: $SPARK_VERSION is in .tools/spark/pyspark"
  fi
}
