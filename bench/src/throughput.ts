import { connect } from "@gauntlet/client";
import type { DockerHosts } from "@gauntlet/docker";
import { build } from "hdr-histogram-js";

export interface Throughput {
  readonly clients: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const VALUE = Buffer.alloc(256, "v");

/** `clients` closed loops of writes (256-byte values, keys of their own), spread over all nodes. */
export async function measureWrites(
  hosts: DockerHosts,
  clients: number,
  seconds: number,
): Promise<Throughput> {
  const endpoints = [...hosts.endpoints.values()];
  const latencyUs = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 });
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const endpoint = endpoints[index % endpoints.length];
      if (endpoint === undefined) {
        throw new Error("no endpoint");
      }
      const client = connect({ endpoint: endpoint.client, deadlineMs: 10_000 });
      try {
        for (let sentMs = performance.now(); sentMs < endMs; sentMs = performance.now()) {
          await client.put({ key: `bench-${index}`, value: VALUE });
          latencyUs.recordValue(Math.max(1, Math.round((performance.now() - sentMs) * 1_000)));
        }
      } finally {
        client.close();
      }
    }),
  );
  return {
    clients,
    perSecond: latencyUs.totalCount / ((performance.now() - startedMs) / 1_000),
    p50Ms: latencyUs.getValueAtPercentile(50) / 1_000,
    p99Ms: latencyUs.getValueAtPercentile(99) / 1_000,
  };
}
