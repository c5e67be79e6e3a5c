import { connect } from "@gauntlet/client";
import { VALUE } from "./load.js";
import { until, type LocalCluster } from "./local-cluster.js";

export interface LargeState {
  /** Of all nodes together, by which the keys made them grow, per key and node. */
  readonly residentBytesPerKey: number;
  /** From the start of a node that was killed to its first answer with the last key in it. */
  readonly restartMs: number;
}

/** etcd's own limit of operations in a transaction is 128. */
const KEYS_A_TXN = 100;
const LOADERS = 8;
const ATTEMPTS = 5;

/** Fills the cluster with `keys` keys of 256 bytes, then kills one follower and starts it again. */
export async function measureLargeState(cluster: LocalCluster, keys: number): Promise<LargeState> {
  const before = await cluster.residentBytes();
  await fill(cluster, keys, VALUE);
  const grown = (await cluster.residentBytes()) - before;
  const leader = await cluster.leader();
  const follower = cluster.nodes.find((node) => node !== leader);
  if (follower === undefined) throw new Error("a cluster of one has no follower");
  const lastKey = keyOf(keys - 1);
  await until("the follower has all keys", async () => {
    const { count } = await follower.client.range({ key: lastKey, serializable: true });
    return count === 1 ? true : null;
  });
  await follower.kill();
  const startedMs = performance.now();
  follower.start();
  await until("the follower has all keys again", async () => {
    const { count } = await follower.client.range({ key: lastKey, serializable: true });
    return count === 1 ? true : null;
  });
  const restartMs = performance.now() - startedMs;
  return { residentBytesPerKey: grown / keys / cluster.nodes.length, restartMs };
}

/** Puts the keys from keyOf(0) to keyOf(keys - 1). */
export async function fill(cluster: LocalCluster, keys: number, value: Uint8Array): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: LOADERS }, async (_, loader) => {
      const endpoint = cluster.endpoints[loader % cluster.endpoints.length] ?? "";
      const client = connect({ endpoint, deadlineMs: 60_000 });
      try {
        while (next < keys) {
          const first = next;
          next = Math.min(keys, first + KEYS_A_TXN);
          const success = Array.from({ length: next - first }, (_, at) => {
            return { type: "put", key: keyOf(first + at), value } as const;
          });
          await untilTaken(() => client.txn({ compare: [], success, failure: [] }));
        }
      } finally {
        client.close();
      }
    }),
  );
}

/** A busy machine's servers may let some time out; to put the same once more does no harm. */
async function untilTaken(write: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await write();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

export function keyOf(number: number): string {
  return `key-${String(number).padStart(9, "0")}`;
}
