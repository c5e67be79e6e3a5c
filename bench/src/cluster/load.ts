import { connect, type EtcdClient } from "@gauntlet/client";
import { build } from "hdr-histogram-js";
import type { LocalCluster } from "./local-cluster.js";

export interface Throughput {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of all servers together, user and system. */
  readonly cpuSecondsPerThousand: number;
}

/** One operation of the client with this number. */
export type Operation = (client: EtcdClient, number: number) => Promise<unknown>;

export const VALUE = Buffer.alloc(256, "v");
const DEADLINE_MS = 10_000;
/** Before each measurement: connections are made. */
const WARM_UP_MS = 1500;
/** Of each kind, before the first measurement of a cluster: most of what a server does while it is young is compiling. */
const FIRST_OPERATIONS = 16_000;
const FIRST_CLIENTS = 64;

export const write: Operation = (client, number) => client.put({ key: `load-${number}`, value: VALUE });
export const linearizableRead: Operation = (client, number) => client.range({ key: `load-${number}` });
export const serializableRead: Operation = (client, number) => {
  return client.range({ key: `load-${number}`, serializable: true });
};

/** Brings the servers, and this process, to the speed that they keep. */
export async function warmUp(cluster: LocalCluster, operations: readonly Operation[]): Promise<void> {
  const connections = connectAll(cluster, FIRST_CLIENTS);
  try {
    for (const operation of operations) {
      let left = FIRST_OPERATIONS;
      await Promise.all(
        connections.map(async (client, number) => {
          while (left-- > 0) await operation(client, number);
        }),
      );
    }
  } finally {
    for (const client of connections) client.close();
  }
}

/**
 * So many closed loops, each with a connection of its own, spread evenly over the nodes. An operation that fails ends the
 * measurement: no fault is injected here.
 */
export async function measureLoad(
  cluster: LocalCluster,
  operation: Operation,
  clients: number,
  seconds: number,
): Promise<Throughput> {
  const connections = connectAll(cluster, clients);
  const latencyUs = build({ lowestDiscernibleValue: 1, highestTrackableValue: DEADLINE_MS * 1000 });
  const loops = async (endMs: number, record: (us: number) => void): Promise<void> => {
    await Promise.all(
      connections.map(async (client, number) => {
        for (let sentMs = performance.now(); sentMs < endMs; ) {
          await operation(client, number);
          const nowMs = performance.now();
          record((nowMs - sentMs) * 1000);
          sentMs = nowMs;
        }
      }),
    );
  };
  try {
    await loops(performance.now() + WARM_UP_MS, () => undefined);
    const cpuBefore = await cluster.cpuSeconds();
    const startMs = performance.now();
    await loops(startMs + seconds * 1000, (us) => latencyUs.recordValue(Math.max(1, Math.round(us))));
    const elapsedSeconds = (performance.now() - startMs) / 1000;
    const cpuSeconds = (await cluster.cpuSeconds()) - cpuBefore;
    return {
      perSecond: latencyUs.totalCount / elapsedSeconds,
      p50Ms: latencyUs.getValueAtPercentile(50) / 1000,
      p99Ms: latencyUs.getValueAtPercentile(99) / 1000,
      cpuSecondsPerThousand: (cpuSeconds / latencyUs.totalCount) * 1000,
    };
  } finally {
    for (const client of connections) client.close();
  }
}

/** Spread evenly over the nodes. */
function connectAll(cluster: LocalCluster, clients: number): readonly EtcdClient[] {
  return Array.from({ length: clients }, (_, number) => {
    return connect({
      endpoint: cluster.endpoints[number % cluster.endpoints.length] ?? "",
      deadlineMs: DEADLINE_MS,
    });
  });
}
