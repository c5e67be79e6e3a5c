#!/bin/sh
# Unpacks Debian's etcd-server into bench/.cache and prints the path of its binary. Nothing is installed: the package
# would start a service. Exits 3 where the package cannot be had.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$here/.cache
binary=$cache/etcd/usr/bin/etcd
if [ ! -x "$binary" ]; then
  mkdir -p "$cache"
  package=$(mktemp -d "$cache/package.XXXXXX")
  trap 'rm -rf "$package"' EXIT
  echo "bench: fetching Debian's etcd-server" >&2
  (cd "$package" && { apt-get download etcd-server || { apt-get update -qq && apt-get download etcd-server; }; }) >&2 || {
    echo "bench: the package etcd-server cannot be had: this needs Debian or Ubuntu with its registry in reach" >&2
    exit 3
  }
  rm -rf "$cache/etcd"
  dpkg -x "$package"/etcd-server_*.deb "$package/etcd"
  mv "$package/etcd" "$cache/etcd"
fi
echo "$binary"
