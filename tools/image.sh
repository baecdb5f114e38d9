#!/usr/bin/env bash
# Makes a container image of this machine's Java, the Spark in SPARK_HOME and Debian's basic programs, laid out as
# Spark's own images are, without asking a registry. DOCKER_HOST says which engine gets it. The tests use it, and it
# helps who wants to try the driver docker in a lab.
# usage: image.sh NAME:TAG
set -euo pipefail

: "${SPARK_HOME:?is not set}"
name=${1:?usage: image.sh NAME:TAG}

java=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(type -P java)")")")}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{bin,etc,tmp,usr,opt/spark/work-dir,opt/java/openjdk}
chmod 1777 "$root/tmp" "$root/opt/spark/work-dir"
ln -s ../bin "$root/usr/bin"

mapfile -t programs < <(type -P bash grep sed awk ps; dpkg -L coreutils | grep -E '^(/usr)?/bin/.')
cp -L "${programs[@]}" "$root/bin/"
ln -s bash "$root/bin/sh"

# What is left out is no part of a running Java; src.zip may be a link to a package that is not installed. tar's exit code 1 is
# a file that changed meanwhile: Nomad links Java's files into the chroots of its tasks.
{ tar -C "$java" --dereference --exclude=src.zip --exclude=jmods --exclude=./man -c . || (($? == 1)); } |
  tar -C "$root/opt/java/openjdk" -x
cp -r "$SPARK_HOME"/{bin,sbin,jars} "$root/opt/spark/"

# ldd calls a static program an error; whatever it says, it lists the libraries of the others.
{ ldd "$root"/bin/* || :; find "$java/" -name '*.so' -exec ldd {} + || :; } 2>/dev/null |
  awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/lib/ { print $1 }' | grep -v "^$java/" | sort -u |
  while read -r library; do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
  done

# Spark's own images run as this user too, which owns nothing but its work-dir.
printf '%s\n' 'root:x:0:0::/root:/bin/bash' 'spark:x:185:0::/opt/spark:/bin/bash' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' >"$root/etc/group"

tar -C "$root" --owner=0 --group=0 -c . | docker import --change 'USER 185' --change 'WORKDIR /opt/spark/work-dir' \
  --change 'ENV JAVA_HOME=/opt/java/openjdk' --change 'ENV SPARK_HOME=/opt/spark' \
  --change 'ENV PATH=/opt/java/openjdk/bin:/bin' - "$name"
