import { networkInterfaces } from "node:os";
import { docker } from "./docker-cli.js";
import { DockerError, messageOf } from "./docker-error.js";
import { labelArguments, type ClusterKind } from "./resources.js";

/** Candidate subnets are 10.213.<x>.0/24: nobody's default, and away from the ranges that Docker picks itself. */
const PREFIX = "10.213";
const CANDIDATES = 256;
const FIRST_NODE = 11;

export interface ClusterNetwork {
  readonly name: string;
  /** Of node 1, 2, …, in order. */
  readonly addresses: readonly string[];
}

/** Makes the bridge network of one cluster on a subnet that nobody uses. */
export async function createNetwork(
  runId: string,
  kind: ClusterKind,
  nodes: number,
  signal: AbortSignal | undefined,
): Promise<ClusterNetwork> {
  const name = `gauntlet-${runId}`;
  const taken = hostSubnets();
  // Two runs that begin together start looking at different places.
  const start = Math.floor(Math.random() * CANDIDATES);
  for (let i = 0; i < CANDIDATES; i += 1) {
    const subnet = `${PREFIX}.${(start + i) % CANDIDATES}`;
    if (taken.has(subnet)) continue;
    const range = ["--subnet", `${subnet}.0/24`, "--gateway", `${subnet}.1`];
    try {
      const labels = labelArguments(kind, runId);
      await docker(["network", "create", "--driver", "bridge", ...range, ...labels, name], { signal });
    } catch (error) {
      if (/overlap/i.test(messageOf(error))) continue;
      throw error;
    }
    return { name, addresses: Array.from({ length: nodes }, (_, n) => `${subnet}.${FIRST_NODE + n}`) };
  }
  throw new DockerError(
    `no subnet is free in ${PREFIX}.0.0/16; remove unused networks with: docker network prune`,
  );
}

function hostSubnets(): Set<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(addresses.map(({ address }) => address.split(".").slice(0, 3).join(".")));
}
