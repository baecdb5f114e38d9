#!/bin/sh
# Builds the application that runs through failover drills; needs a JDK 17 or newer and SPARK_HOME.
# usage: build.sh [JAR]
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
"$here/../../tools/jar.sh" "$here" "${1:-$here/drill.jar}" nomspark.drill.Drill
