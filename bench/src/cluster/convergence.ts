import { setTimeout as sleep } from "node:timers/promises";
import type { LocalCluster, LocalNode } from "./local-cluster.js";

/** Each surviving node is sent a write this often, whether or not earlier ones were answered: the resolution. */
const PROBE_INTERVAL_MS = 10;
const LIMIT_MS = 30_000;
const SETTLE_MS = 1500;

/**
 * Kills the leader with SIGKILL `times` times; each time, from just before the signal to the first acknowledgement of a
 * write that was sent after it, in milliseconds.
 */
export async function measureConvergence(cluster: LocalCluster, times: number): Promise<readonly number[]> {
  const results: number[] = [];
  for (let round = 0; round < times; round++) {
    const leader = await cluster.leader();
    await sleep(SETTLE_MS);
    results.push(await killAndProbe(cluster, leader));
    leader.start();
  }
  await cluster.leader();
  return results;
}

async function killAndProbe(cluster: LocalCluster, leader: LocalNode): Promise<number> {
  const survivors = cluster.nodes.filter((node) => node !== leader).map((node) => node.client);
  // Warm connections: the time to dial is not what is measured.
  await Promise.all(survivors.map((client) => client.put({ key: "convergence", value: "warm" })));
  const startedMs = performance.now();
  const killed = leader.kill();
  const done = new AbortController();
  const first = new Promise<number>((resolve, reject) => {
    const probe = () => {
      if (performance.now() - startedMs > LIMIT_MS) {
        reject(new Error(`no write was acknowledged within ${LIMIT_MS} ms of the leader's death`));
      }
      for (const client of survivors) {
        client.put({ key: "convergence", value: "probe" }).then(
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
    await killed;
  }
}
