import type { Cut, NodeName } from "@gauntlet/nemesis";
import type { CountedRule, PacketRule } from "./agent/protocol.js";
import { DockerError } from "./docker-error.js";
import { PORTS, type System } from "./systems/system.js";

type Connections = System["peerConnections"];

/**
 * Cuts as packet rules of one host. Where each member sends all that it has to say on connections that it dialled itself,
 * what a peer sends us goes to our peer port, and what we send goes to its peer port: dropping these alone leaves the
 * other direction whole, acknowledgements and all. Where both speak on the same connection, a cut of one direction drops
 * all packets of peers in that direction, and TCP makes of it that nothing new arrives in the other one either.
 * A full cut of peer traffic drops both kinds of connection in both directions.
 */
export function rulesOf(
  node: NodeName,
  cuts: readonly Cut[],
  addresses: ReadonlyMap<NodeName, string>,
  connections: Connections,
): readonly PacketRule[] {
  return cuts.flatMap((cut) => {
    const peer = addresses.get(cut.peer);
    if (peer === undefined || cut.peer === node) {
      throw new DockerError(
        `${node}: cannot cut it from "${cut.peer}": the other nodes are ${others(node, addresses)}`,
      );
    }
    const directions = cut.direction === "both" ? (["in", "out"] as const) : [cut.direction];
    return directions.flatMap((direction) =>
      tcpPorts(cut, connections).map((tcpPort) => ({ direction, peer, tcpPort })),
    );
  });
}

/**
 * The cuts that make exactly these rules: rulesOf backwards.
 * @throws DockerError when no cuts do
 */
export function cutsOf(
  node: NodeName,
  rules: readonly PacketRule[],
  addresses: ReadonlyMap<NodeName, string>,
  connections: Connections,
): readonly Cut[] {
  const cuts = [...addresses].flatMap(([peer, address]) => {
    const own = rules.filter((rule) => rule.peer === address);
    const whole = own.filter(({ tcpPort }) => tcpPort === null);
    const ports = own.filter(({ tcpPort }) => tcpPort !== null);
    return [...cutOf(peer, "all", whole), ...cutOf(peer, "peer", ports)];
  });
  const read = rules.map(keyOf).toSorted();
  const meant = rulesOf(node, cuts, addresses, connections).map(keyOf).toSorted();
  if (read.join() !== meant.join()) {
    throw new DockerError(`${node}: its packet rules are no cuts that were asked for: ${read.join(", ")}`);
  }
  return cuts;
}

/** Packets that the rules dropped, by the peer they name. */
export function dropsOf(
  rules: readonly CountedRule[],
  addresses: ReadonlyMap<NodeName, string>,
): ReadonlyMap<NodeName, number> {
  const drops = new Map<NodeName, number>();
  for (const [peer, address] of addresses) {
    const own = rules.filter((rule) => rule.peer === address);
    if (own.length > 0)
      drops.set(
        peer,
        own.reduce((sum, { packets }) => sum + packets, 0),
      );
  }
  return drops;
}

function cutOf(peer: NodeName, traffic: Cut["traffic"], rules: readonly PacketRule[]): Cut[] {
  const [first] = rules;
  if (first === undefined) return [];
  const isBoth = rules.some(({ direction }) => direction !== first.direction);
  return [{ peer, direction: isBoth ? "both" : first.direction, traffic }];
}

function keyOf({ direction, peer, tcpPort }: PacketRule): string {
  return `${direction} ${peer} ${tcpPort === null ? "all" : `${tcpPort.end} ${tcpPort.number}`}`;
}

function tcpPorts({ traffic, direction }: Cut, connections: Connections): readonly PacketRule["tcpPort"][] {
  if (traffic === "all") return [null];
  const toPeerPort = { end: "destination", number: PORTS.peer } as const;
  return direction === "both" || connections === "shared"
    ? [toPeerPort, { end: "source", number: PORTS.peer }]
    : [toPeerPort];
}

function others(node: NodeName, addresses: ReadonlyMap<NodeName, string>): string {
  return [...addresses.keys()].filter((name) => name !== node).join(", ");
}
