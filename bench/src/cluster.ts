import { setTimeout as sleep } from "node:timers/promises";
import { DockerHosts, ensureImages } from "@gauntlet/docker";
import type { Hosts, NodeName } from "@gauntlet/nemesis";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Starts a cluster on containers, runs `measure` on it once it has a leader, and removes it whatever happens. */
export async function withCluster<Result>(
  nodes: number,
  measure: (hosts: DockerHosts) => Promise<Result>,
): Promise<Result> {
  const { image } = await ensureImages({ log: console.error });
  const logsDir = await mkdtemp(join(tmpdir(), "gauntlet-bench-"));
  const hosts = await DockerHosts.start({ runId: `bench-${process.pid}`, nodes, image, logsDir });
  try {
    await waitForLeader(hosts);
    return await measure(hosts);
  } finally {
    await hosts.stop();
  }
}

const LEADER_LIMIT_MS = 30_000;

/** The one leader of the highest term, once every node has answered. */
export async function waitForLeader(hosts: Hosts): Promise<NodeName> {
  const deadline = performance.now() + LEADER_LIMIT_MS;
  while (performance.now() < deadline) {
    const view = [...(await hosts.view())];
    const top = Math.max(...view.map(([, { term }]) => term ?? 0));
    const leader = view.find(([, { role, term }]) => role === "leader" && term === top);
    if (leader !== undefined && view.every(([, { role }]) => role === "leader" || role === "follower")) {
      return leader[0];
    }
    await sleep(50);
  }
  throw new Error(`no leader within ${LEADER_LIMIT_MS} ms`);
}
