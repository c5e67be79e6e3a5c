#!/bin/sh
# Makes sure that a Docker engine answers. Installs and starts one where that can be done without asking
# (Debian or Ubuntu, as root); everywhere else says what to do and exits 3. Safe to run again at any time.
set -eu

LOG=/var/log/gauntlet-dockerd.log
PID_FILE=/var/run/docker.pid
LOCK=/tmp/gauntlet-engine.lock
START_TIMEOUT_S=60
daemon=

say() { echo "docker: $*"; }
give_up() {
  echo "docker: $*" >&2
  exit 3
}

engine_version() { timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null; }

answers() { command -v docker >/dev/null 2>&1 && [ -n "$(engine_version)" ]; }

wait_for_engine() {
  left=$((START_TIMEOUT_S * 5))
  until answers; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    # A daemon that we started and that has ended will not answer any more.
    [ -z "$daemon" ] || kill -0 "$daemon" 2>/dev/null || return 1
    sleep 0.2
  done
}

is_debian_like() {
  command -v apt-get >/dev/null 2>&1 && [ -r /etc/os-release ] &&
    (. /etc/os-release && case " ${ID:-} ${ID_LIKE:-} " in *" debian "* | *" ubuntu "*) exit 0 ;; *) exit 1 ;; esac)
}

# True while a daemon holds the pid file. A killed daemon leaves the file, and its zombie keeps the pid.
daemon_lives() {
  pid=$(cat "$PID_FILE" 2>/dev/null) && [ -n "$pid" ] || return 1
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 1
  ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}

install_engine() {
  say "no engine is installed: installing the Debian package docker.io"
  export DEBIAN_FRONTEND=noninteractive
  out=$(mktemp)
  if ! { apt-get -o DPkg::Lock::Timeout=300 update && apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends docker.io; } >"$out" 2>&1; then
    tail -n 5 "$out" >&2
    rm -f "$out"
    give_up "apt-get could not install docker.io (its last lines are above); install a Docker engine and try again"
  fi
  rm -f "$out"
}

start_daemon() {
  if daemon_lives; then
    say "a daemon (pid $(cat "$PID_FILE")) runs but does not answer yet: waiting for it"
    return
  fi
  if [ -d /run/systemd/system ] && systemctl cat docker.service >/dev/null 2>&1; then
    say "starting the service docker"
    systemctl start docker || give_up "systemctl could not start docker; see: journalctl -u docker"
    return
  fi
  rm -f "$PID_FILE"
  say "starting dockerd in the background (log: $LOG)"
  # Descriptor 9 is the lock of this script: the daemon must not keep it.
  setsid dockerd >>"$LOG" 2>&1 </dev/null 9>&- &
  daemon=$!
}

ensure() {
  if answers; then
    say "engine $(engine_version) answers"
    return
  fi
  if [ -n "${DOCKER_HOST:-}" ]; then
    give_up "no engine answers at DOCKER_HOST=$DOCKER_HOST; start it, or unset DOCKER_HOST"
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
      give_up "no right to use /var/run/docker.sock; run: sudo usermod -aG docker $(id -un), log in again, try again"
    fi
    give_up "no engine answers and only root can install or start one here; start your Docker engine, or run this as root on Debian or Ubuntu"
  fi
  if ! command -v dockerd >/dev/null 2>&1; then
    is_debian_like || give_up "no engine answers; install and start Docker (https://docs.docker.com/engine/install/), then try again"
    install_engine
  fi
  # The package starts its own service where an init system runs.
  answers || start_daemon
  wait_for_engine || give_up "the daemon ended, or did not answer within $START_TIMEOUT_S s; see $LOG"
  say "engine $(engine_version) answers"
}

# Two runs that begin together must not both install or start a daemon; only root does either.
if [ "$(id -u)" -eq 0 ] && command -v flock >/dev/null 2>&1; then
  exec 9>"$LOCK"
  flock 9
fi
ensure
