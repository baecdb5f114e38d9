#!/bin/sh
# Builds the plugin with which Spark's masters elect their leader through Consul; needs a JDK 17 or newer and SPARK_HOME.
# The same sources and the same JDK always give the same bytes.
# usage: build.sh [JAR]
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
: "${SPARK_HOME:?is not set}"
jar=${1:-$here/recovery.jar}

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT

javac --release 17 -g:lines -Xlint:all,-path,-processing,-classfile -Werror -proc:none -encoding UTF-8 \
  -cp "$SPARK_HOME/jars/*" -d "$classes" "$here"/src/nomspark/recovery/*.java

# jar takes the names from a list in a fixed order, and a fixed time for each of them.
(cd "$classes" && find nomspark -name '*.class' | LC_ALL=C sort) >"$classes/list"
(cd "$classes" && jar --create --date=1980-01-01T00:00:02Z --file=out.jar @list)
mv "$classes/out.jar" "$jar"
