#!/bin/sh
# Builds the plugin with which Spark's masters elect their leader through Consul; needs a JDK 17 or newer and SPARK_HOME.
# One jar runs with Spark 3.5 and 4; Spark 4 has the classes of both to compile against.
# usage: build.sh [JAR]
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
"$here/../../tools/jar.sh" "$here" "${1:-$here/recovery.jar}"
