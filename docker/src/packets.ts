import type { NodeName, PacketCounts, PacketHosts, PacketShape } from "@gauntlet/nemesis";
import type { CountedLink } from "./agent/protocol.js";
import { DockerError } from "./docker-error.js";
import type { NodeMachine } from "./node-machine.js";

/** What containers send to each other: each node's agent shapes it, src/agent/packet-shaper.ts. */
export class DockerPackets implements PacketHosts {
  readonly #machine: (node: NodeName) => NodeMachine;
  readonly #addresses: ReadonlyMap<NodeName, string>;

  constructor(machine: (node: NodeName) => NodeMachine, addresses: ReadonlyMap<NodeName, string>) {
    this.#machine = machine;
    this.#addresses = addresses;
  }

  async shape(node: NodeName, shapes: ReadonlyMap<NodeName, PacketShape>): Promise<void> {
    const links = [...shapes].map(([peer, shape]) => ({ peer: this.#addressOf(node, peer), shape }));
    await this.#machine(node).request<"shape-packets">({ command: "shape-packets", links });
  }

  async shapeOf(node: NodeName): Promise<ReadonlyMap<NodeName, PacketShape>> {
    const links = await this.#links(node);
    return new Map(links.map(({ peer, shape }) => [this.#nodeAt(node, peer), shape]));
  }

  async counts(node: NodeName): Promise<ReadonlyMap<NodeName, PacketCounts>> {
    const links = await this.#links(node);
    return new Map(links.map(({ peer, counts }) => [this.#nodeAt(node, peer), counts]));
  }

  async reset(node: NodeName, peers: readonly NodeName[]): Promise<number> {
    const addresses = peers.map((peer) => this.#addressOf(node, peer));
    const request = { command: "reset-connections", peers: addresses } as const;
    return (await this.#machine(node).request<"reset-connections">(request)).destroyed;
  }

  async #links(node: NodeName): Promise<readonly CountedLink[]> {
    return (await this.#machine(node).request<"read-packets">({ command: "read-packets" })).links;
  }

  #addressOf(node: NodeName, peer: NodeName): string {
    const address = this.#addresses.get(peer);
    if (address === undefined || peer === node) {
      const others = [...this.#addresses.keys()].filter((name) => name !== node).join(", ");
      throw new DockerError(`${node} has no link to "${peer}": the other nodes are ${others}`);
    }
    return address;
  }

  #nodeAt(node: NodeName, address: string): NodeName {
    const found = [...this.#addresses].find(([, one]) => one === address)?.[0];
    if (found === undefined)
      throw new DockerError(`${node}: shapes packets for ${address}, which is no node's`);
    return found;
  }
}
