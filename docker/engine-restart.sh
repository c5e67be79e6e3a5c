#!/bin/sh
# Restarts the Docker engine under a run, and shows what the run makes of it: by hand only, as root. The engine is one of its
# own, with its data in a temporary folder, so that nobody else's containers are touched; it leaves the machine's packet
# filter alone, which is why the cluster has one node. Exits 0 when the run failed as the rig's fault (3) and left nothing.
set -eu
cd "$(dirname "$0")/.."

IMAGE=${1:?usage: engine-restart.sh IMAGE, a node image: docker images gauntlet-node}
dir=$(mktemp -d)
engine=

start_engine() {
  dockerd --bridge=none --iptables=false --ip6tables=false --ip-forward=false --data-root "$dir/data" \
    --exec-root "$dir/exec" --pidfile "$dir/pid" --host "unix://$dir/sock" >>"$dir/log" 2>&1 &
  engine=$!
  until DOCKER_HOST="unix://$dir/sock" docker version >/dev/null 2>&1; do
    kill -0 "$engine" 2>/dev/null || { tail -n 5 "$dir/log" >&2; exit 3; }
    sleep 0.2
  done
}
stop_engine() {
  [ -z "$engine" ] || { kill "$engine" 2>/dev/null && wait "$engine" || true; }
  engine=
}
trap 'stop_engine; rm -rf "$dir"' EXIT
trap 'exit 3' INT TERM

start_engine
docker save "$IMAGE" | DOCKER_HOST="unix://$dir/sock" docker load

export DOCKER_HOST="unix://$dir/sock"
node controller/bin/gauntlet.js run --nodes 1 --concurrency 3 --rate 50 --time-limit 60 --nemesis none \
  --image "$IMAGE" --runs-root "$dir/runs" >"$dir/out" 2>&1 &
run=$!
until grep -q '^main:' "$dir/out"; do
  kill -0 "$run" 2>/dev/null || { cat "$dir/out" >&2; exit 3; }
  sleep 0.2
done
sleep 3
echo "restarting the engine"
stop_engine
start_engine
code=0
wait "$run" || code=$?
cat "$dir/out"
left="$(docker ps --all --quiet)$(docker volume ls --quiet)$(docker network ls --quiet --filter name=gauntlet-)"
loops=$(losetup --all | grep -c 'gauntlet-.*-1-.*deleted' || true)
echo "exit code of the run: $code; left in the engine: ${left:-nothing}; stale loop devices: $loops"
node controller/bin/gauntlet.js check "$(ls -d "$dir"/runs/register/2*)" | head -n 3 || true
[ "$code" = 3 ] && [ -z "$left" ]
