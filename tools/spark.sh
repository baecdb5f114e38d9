# Spark: the user's own SPARK_HOME, otherwise the Python package, which is a whole
# SPARK_HOME with the standalone master and worker in it. The tests run other lines of it
# too, which lie in .tools/sparks. Sourced by setup.sh and soak.sh.
# shellcheck shell=bash

SPARK_VERSION=4.3.0
# The oldest line that is supported, and those between.
SPARK_OLDEST=3.5.9
SPARK_BETWEEN=(4.0.5 4.1.4 4.2.1)

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

# fetch_spark VERSION: into the work folder.
fetch_spark() {
  local python
  python=$(pip_python)
  # --target leaves Python's own packages alone, also where they are managed by the
  # distribution; a user's "install for me" or "only in a virtualenv" would contradict it.
  # With TMPDIR beside the target, half a gigabyte is renamed instead of copied.
  PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 TMPDIR=$WORK "$python" -m pip install --no-input \
    --disable-pip-version-check --progress-bar off --no-compile --target "$WORK/spark" "pyspark==$1"
  [[ -x $WORK/spark/pyspark/bin/spark-class ]]
}

# keep_spark FOLDER STAMP VERSION: what was fetched becomes part of .tools.
keep_spark() {
  if [[ -e $TOOLS/$1 ]]; then mv "$TOOLS/$1" "$WORK/old-$2"; fi
  mkdir -p "$(dirname "$TOOLS/$1")"
  mv "$WORK/spark" "$TOOLS/$1"
  stamp "$2" "$3"
}

# other_sparks [tests|soak]: the versions that are wanted beside the newest one, a line each.
other_sparks() {
  case ${1:-} in
    tests) printf '%s\n' "$SPARK_OLDEST" ;;
    soak) printf '%s\n' "$SPARK_OLDEST" "${SPARK_BETWEEN[@]}" ;;
  esac
}

# other_sparks_missing [tests|soak]: those that are not there yet, a line each.
other_sparks_missing() {
  local version
  for version in $(other_sparks "$1"); do
    stamped "spark-$version" "$version" && [[ -x $TOOLS/sparks/$version/pyspark/bin/spark-class ]] || printf '%s\n' "$version"
  done
}

# setup_other_sparks [tests|soak]: into .tools/sparks, whatever the user has.
setup_other_sparks() {
  local version versions
  for version in $(other_sparks_missing "$1"); do
    step "spark-$version" "fetching Spark $version, 400 MB unpacked, to test with it too" "1 minute" fetch_spark "$version"
    keep_spark "sparks/$version" "spark-$version" "$version"
  done
  versions=$(other_sparks "$1" | paste -sd' ')
  [[ -z $versions ]] || say "    spark: $versions in .tools/sparks"
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
    step spark "fetching Spark $SPARK_VERSION, 500 MB unpacked" "1 minute" fetch_spark "$SPARK_VERSION"
    keep_spark spark spark "$SPARK_VERSION"
  else
    say "    spark: $SPARK_VERSION is in .tools/spark/pyspark"
  fi
  setup_class_archive
}

# What Java read of Spark's classes, so that it starts faster; only the same Java can use it, on the same Spark in the same
# place.
setup_class_archive() {
  local made
  made="$SPARK_VERSION $TOOLS $("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | cksum)"
  stamped class-archive "$made" && [[ -e $TOOLS/spark/pyspark/nomspark.jsa ]] && return
  # Nothing depends on it but time.
  if (step class-archive "archiving Spark's classes, with which Java starts faster" "15 seconds" \
    tools/class-archive.sh "$TOOLS/spark/pyspark"); then
    stamp class-archive "$made"
  else
    say "    spark: without that archive, so that Java starts slower"
  fi
}
