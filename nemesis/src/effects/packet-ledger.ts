import { assert } from "../errors.js";
import type { Hosts, NodeName, PacketHosts, PacketShape } from "../hosts.js";
import { Serial } from "./serial.js";

/** What a node's packets go through when no fault shapes them. */
export const UNSHAPED: PacketShape = {
  lossShare: 0,
  delayMs: 0,
  jitterMs: 0,
  reorderShare: 0,
  reorderMs: 0,
  duplicateShare: 0,
  bytesPerSecond: null,
};

/** The shapes of what one node sends, by peer; peers that are absent are not shaped. */
export type Shapes = ReadonlyMap<NodeName, PacketShape>;

/** Whether the shape of the link to each of these peers has all that the part asks for. */
export function hasShape(shapes: Shapes, peers: Iterable<NodeName>, part: Partial<PacketShape>): boolean {
  return [...peers].every((peer) => shapeHas(shapes.get(peer) ?? UNSHAPED, part));
}

function shapeHas(shape: PacketShape, part: Partial<PacketShape>): boolean {
  return (Object.keys(part) as (keyof PacketShape)[]).every((key) => shape[key] === part[key]);
}

export function describeShapes(shapes: Shapes): string {
  const links = [...shapes].flatMap(([peer, shape]) => {
    const changed = (Object.keys(UNSHAPED) as (keyof PacketShape)[]).filter(
      (key) => shape[key] !== UNSHAPED[key],
    );
    return changed.length === 0
      ? []
      : [`to ${peer} ${changed.map((key) => `${key} ${shape[key]}`).join(", ")}`];
  });
  return links.length === 0 ? "its packets are not shaped" : `its packets have ${links.join("; ")}`;
}

/** `PacketHosts.shape` sets everything together; this keeps what one fault set while another changes its own part. */
export class PacketLedger {
  readonly #hosts: Hosts;
  readonly #serial = new Serial();
  readonly #shapes = new Map<NodeName, Map<NodeName, PacketShape>>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  get facet(): PacketHosts {
    const { packets } = this.#hosts;
    assert(packets !== undefined, "hosts with a capability of packets have the facet `packets`");
    return packets;
  }

  /** Of the links from the node to these peers. */
  async set(node: NodeName, peers: readonly NodeName[], part: Partial<PacketShape>): Promise<void> {
    await this.#serial.run(node, async () => {
      const shapes = new Map(this.#shapes.get(node));
      for (const peer of peers) {
        const shape = { ...(shapes.get(peer) ?? UNSHAPED), ...part };
        if (shapeHas(UNSHAPED, shape)) shapes.delete(peer);
        else shapes.set(peer, shape);
      }
      this.#shapes.set(node, shapes);
      await this.facet.shape(node, shapes);
    });
  }

  /** Forgets every shape of a node and heals it. */
  async clear(node: NodeName): Promise<void> {
    await this.#serial.run(node, async () => {
      this.#shapes.delete(node);
      await this.facet.shape(node, new Map());
    });
  }
}
