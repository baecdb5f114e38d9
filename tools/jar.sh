#!/bin/sh
# Compiles the Java sources in FOLDER/src into a jar; needs a JDK 17 or newer and SPARK_HOME.
# The same sources and the same JDK always give the same bytes. FOLDER/declared, where it is, has declarations of Spark's
# that count instead of those in SPARK_HOME: a jar for several versions is compiled against what all of them have.
# usage: jar.sh FOLDER JAR [MAIN-CLASS]
set -eu

: "${SPARK_HOME:?is not set}"
folder=$1
jar=$2
main=${3:-}

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT

find "$folder/src" -name '*.java' -exec javac --release 17 -g:lines \
  -Xlint:all,-path,-processing,-classfile -Werror -proc:none -encoding UTF-8 \
  -sourcepath "$folder/declared" -Xprefer:source -implicit:none \
  -cp "$SPARK_HOME/jars/*" -d "$classes" {} +

# jar takes the names from a list in a fixed order, and a fixed time for each of them.
(cd "$classes" && find nomspark -name '*.class' | LC_ALL=C sort) >"$classes/list"
(cd "$classes" && jar --create --date=1980-01-01T00:00:02Z --file=out.jar \
  ${main:+"--main-class=$main"} @list)
mv "$classes/out.jar" "$jar"
