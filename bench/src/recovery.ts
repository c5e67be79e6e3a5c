import { setTimeout as sleep } from "node:timers/promises";
import type { EtcdClient } from "@gauntlet/client";
import { connect } from "@gauntlet/client";
import type { DockerHosts } from "@gauntlet/docker";
import type { NodeName } from "@gauntlet/nemesis";
import { waitForLeader } from "./cluster.js";

/** Each surviving node is sent a write this often, whether or not earlier ones were answered: the resolution. */
const PROBE_INTERVAL_MS = 10;
const LIMIT_MS = 30_000;
const SETTLE_MS = 2_000;

/**
 * Kills the leader with SIGKILL `times` times and measures, each time, from just before the signal to
 * the first acknowledgement of a write that was sent after it, in milliseconds.
 */
export async function measureRecovery(hosts: DockerHosts, times: number): Promise<readonly number[]> {
  const clients = new Map(
    [...hosts.endpoints].map(([node, { client }]) => [
      node,
      connect({ endpoint: client, deadlineMs: LIMIT_MS }),
    ]),
  );
  const results: number[] = [];
  try {
    for (let round = 0; round < times; round++) {
      const leader = await waitForLeader(hosts);
      await sleep(SETTLE_MS);
      results.push(await killAndProbe(hosts, leader, clients));
      await hosts.start(leader);
    }
    return results;
  } finally {
    for (const client of clients.values()) {
      client.close();
    }
  }
}

async function killAndProbe(
  hosts: DockerHosts,
  leader: NodeName,
  clients: ReadonlyMap<NodeName, EtcdClient>,
): Promise<number> {
  const survivors = [...clients].filter(([node]) => node !== leader).map(([, client]) => client);
  // Warm connections: the time to dial is not what is measured.
  await Promise.all(survivors.map((client) => client.put({ key: "recovery", value: "warm" })));
  const startedMs = performance.now();
  await hosts.signal(leader, "SIGKILL");
  const done = new AbortController();
  const first = new Promise<number>((resolve, reject) => {
    const probe = () => {
      if (performance.now() - startedMs > LIMIT_MS) {
        done.abort();
        reject(new Error(`no write was acknowledged within ${LIMIT_MS} ms of the leader's death`));
      }
      for (const client of survivors) {
        client.put({ key: "recovery", value: "probe" }).then(
          () => resolve(performance.now() - startedMs),
          () => undefined, // refused or lost: the next probe asks again
        );
      }
    };
    const timer = setInterval(probe, PROBE_INTERVAL_MS);
    done.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  });
  try {
    return await first;
  } finally {
    done.abort();
  }
}
