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

/** Whether the shape has all that the part asks for. */
export function hasShape(shape: PacketShape, part: Partial<PacketShape>): boolean {
  return (Object.keys(part) as (keyof PacketShape)[]).every((key) => shape[key] === part[key]);
}

export function describeShape(shape: PacketShape): string {
  const changed = (Object.keys(UNSHAPED) as (keyof PacketShape)[]).filter(
    (key) => shape[key] !== UNSHAPED[key],
  );
  if (changed.length === 0) return "its packets are not shaped";
  return `its packets have ${changed.map((key) => `${key} ${shape[key]}`).join(", ")}`;
}

/** `PacketHosts.shape` sets everything together; this keeps what one fault set while another changes its own part. */
export class PacketLedger {
  readonly #hosts: Hosts;
  readonly #serial = new Serial();
  readonly #shapes = new Map<NodeName, PacketShape>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  get facet(): PacketHosts {
    const { packets } = this.#hosts;
    assert(packets !== undefined, "hosts with the capability network.shape have the facet `packets`");
    return packets;
  }

  async set(node: NodeName, part: Partial<PacketShape>): Promise<void> {
    await this.#serial.run(node, async () => {
      const shape = { ...(this.#shapes.get(node) ?? UNSHAPED), ...part };
      this.#shapes.set(node, shape);
      await this.facet.shape(node, shape);
    });
  }
}
