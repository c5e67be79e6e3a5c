import type { Cut, NodeName } from "@gauntlet/nemesis";
import type { PacketRule } from "./agent/protocol.js";
import { DockerError } from "./docker-error.js";
import { PORTS } from "./server-arguments.js";

/**
 * Cuts as packet rules of one host. Each member dials every other, and sends all that it has to say on the
 * connection that it dialled. So what a peer sends us goes to our peer port, and what we send goes to its peer
 * port: dropping these alone leaves the other direction whole, acknowledgements and all. A full cut of peer
 * traffic drops both kinds of connection in both directions.
 */
export function rulesOf(
  node: NodeName,
  cuts: readonly Cut[],
  addresses: ReadonlyMap<NodeName, string>,
): readonly PacketRule[] {
  return cuts.flatMap((cut) => {
    const peer = addresses.get(cut.peer);
    if (peer === undefined || cut.peer === node) {
      throw new DockerError(
        `${node}: cannot cut it from "${cut.peer}": the other nodes are ${others(node, addresses)}`,
      );
    }
    const directions = cut.direction === "both" ? (["in", "out"] as const) : [cut.direction];
    return directions.flatMap((direction) => tcpPorts(cut).map((tcpPort) => ({ direction, peer, tcpPort })));
  });
}

function tcpPorts({ traffic, direction }: Cut): readonly PacketRule["tcpPort"][] {
  if (traffic === "all") return [null];
  const toPeerPort = { end: "destination", number: PORTS.peer } as const;
  return direction === "both" ? [toPeerPort, { end: "source", number: PORTS.peer }] : [toPeerPort];
}

function others(node: NodeName, addresses: ReadonlyMap<NodeName, string>): string {
  return [...addresses.keys()].filter((name) => name !== node).join(", ");
}
