#!/bin/sh
# Generates the protobufjs modules in proto/generated from the .proto files; `make proto` calls it.
# --check exits 1 when the checked-in files are not what the .proto files give.
set -eu
cd "$(dirname "$0")"
out=generated
[ "${1:-}" = --check ] && { out=$(mktemp -d); trap 'rm -rf "$out"' EXIT; }

generate() { # name, options, files: a root name of its own keeps the two modules apart
  name=$1; options=$2; shift 2
  # shellcheck disable=SC2086
  npx --no-install pbjs -t static-module -w esm -r "gauntlet-$name" --keep-case --no-comments \
    --no-create --no-verify --no-convert --no-delimited --no-typeurl --no-service $options \
    -o "$out/$name.js" "$@"
  # pbts reads the comments that --no-comments leaves out, so it gets a module of its own
  npx --no-install pbjs -t static-module -w esm -r "gauntlet-$name" --keep-case \
    --no-create --no-verify --no-convert --no-delimited --no-typeurl --no-service $options "$@" |
    npx --no-install pbts --no-comments -o "$out/$name.d.ts" -
}
generate etcd "" -p etcd etcd/rpc.proto
generate peer "--force-number" peer/peer.proto

[ "$out" = generated ] || diff -r generated "$out" || {
  echo "proto/generated is out of date: run make proto and commit the result" >&2
  exit 1
}
