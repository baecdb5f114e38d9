#!/bin/sh
# Builds the WordCount application; needs a JDK 17 or newer and SPARK_HOME.
# usage: build.sh [JAR]
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
"$here/../../tools/jar.sh" "$here" "${1:-$here/wordcount.jar}" nomspark.WordCount
