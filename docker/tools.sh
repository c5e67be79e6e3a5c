#!/bin/sh
# Installs the Debian packages that some tests use: etcdctl (etcd-client), strace and a browser (chromium).
# Elsewhere than on Debian or Ubuntu as root it only says what is missing; those tests then say that they skip.
set -eu
missing=
command -v etcdctl >/dev/null 2>&1 || missing="$missing etcd-client"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
  echo "setup: installing Debian packages for the tests:$missing"
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "setup: not installed:$missing (needs root on Debian or Ubuntu); the tests that use it will be skipped"
fi
