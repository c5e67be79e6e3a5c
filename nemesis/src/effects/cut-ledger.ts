import type { Cut, Hosts, NodeName } from "../hosts.js";
import { Serial } from "./serial.js";

/** One fault that holds cuts, by its index in the schedule. */
export type Owner = number;

/** Dropped packets by peer. */
export type Drops = ReadonlyMap<NodeName, number>;

interface NodeRules {
  readonly cutsOf: Map<Owner, readonly Cut[]>;
  /** Whether the counters were seen to begin anew with the present rules: only then do their drops speak for them. */
  restarted: boolean;
}

/**
 * All cuts of all faults. `Hosts.cut` replaces a node's rules as a whole, so a fault that begins or ends sets
 * the union of what every fault holds there: the undo of one never heals another.
 *
 * Drops are counted per node and peer, not per fault. Where rules replace rules, the counters are evidence for the
 * new ones only if they visibly began at 0 again when those were set; the rules of one node take effect as one.
 * Counters that stood at 0 cannot be seen to restart, so the rules are set again once one has moved.
 */
export class CutLedger {
  readonly #hosts: Hosts;
  readonly #serial = new Serial();
  readonly #nodes = new Map<NodeName, NodeRules>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  async add(owner: Owner, node: NodeName, cuts: readonly Cut[]): Promise<void> {
    await this.#change(node, (rules) => rules.cutsOf.set(owner, cuts));
  }

  /** Also after a failed `add`, and repeatedly: the result is what the others hold. */
  async remove(owner: Owner, node: NodeName): Promise<void> {
    await this.#change(node, (rules) => rules.cutsOf.delete(owner));
  }

  /**
   * Packets between the node and each peer of the owner's cuts, dropped by rules that include those cuts; null while
   * the counters cannot speak for them.
   */
  async dropped(owner: Owner, node: NodeName): Promise<Drops | null> {
    return this.#serial.run(node, async () => {
      const rules = this.#of(node);
      const cuts = rules.cutsOf.get(owner);
      if (cuts === undefined) return null;
      if (!rules.restarted) await this.#set(node, rules);
      if (!rules.restarted) return null;
      const all = await this.#hosts.droppedPackets(node);
      return new Map(cuts.map(({ peer }) => [peer, all.get(peer) ?? 0]));
    });
  }

  /** Whether anybody's cuts drop what the node sends the peer. */
  silences(node: NodeName, peer: NodeName): boolean {
    const all = [...this.#of(node).cutsOf.values()].flat();
    return all.some((cut) => cut.peer === peer && cut.direction !== "in");
  }

  /** The cuts that the kernel holds of a node, and those that the open faults ask of it. */
  async standing(
    node: NodeName,
  ): Promise<{ readonly held: readonly Cut[]; readonly wanted: readonly Cut[] }> {
    return this.#serial.run(node, async () => {
      const wanted = unite([...this.#of(node).cutsOf.values()].flat());
      return { held: await this.#hosts.cuts(node), wanted };
    });
  }

  /** Forgets every owner's cuts on a node and heals it. */
  async clear(node: NodeName): Promise<void> {
    await this.#change(node, (rules) => rules.cutsOf.clear());
  }

  #of(node: NodeName): NodeRules {
    let rules = this.#nodes.get(node);
    if (rules === undefined) {
      rules = { cutsOf: new Map(), restarted: true };
      this.#nodes.set(node, rules);
    }
    return rules;
  }

  async #change(node: NodeName, edit: (rules: NodeRules) => void): Promise<void> {
    await this.#serial.run(node, async () => {
      const rules = this.#of(node);
      const hadRules = rules.cutsOf.size > 0;
      edit(rules);
      await this.#set(node, rules, !hadRules);
    });
  }

  /** @param isFirst there were no rules before: any drop from now on is the work of these */
  async #set(node: NodeName, rules: NodeRules, isFirst = false): Promise<void> {
    rules.restarted = false;
    const before = total(await this.#hosts.droppedPackets(node));
    await this.#hosts.cut(node, unite([...rules.cutsOf.values()].flat()));
    rules.restarted = before === 0 ? isFirst : total(await this.#hosts.droppedPackets(node)) < before;
  }
}

export function total(drops: Drops): number {
  return [...drops.values()].reduce((sum, packets) => sum + packets, 0);
}

/** Whether two lists of cuts silence the same. */
export function silenceTheSame(a: readonly Cut[], b: readonly Cut[]): boolean {
  const words = (cuts: readonly Cut[]): string =>
    unite(cuts)
      .map(({ peer, direction: way, traffic }) => `${peer} ${way} ${traffic}`)
      .toSorted()
      .join();
  return words(a) === words(b);
}

/** The fewest cuts that silence the same: `all` covers `peer`, in and out make both. */
export function unite(cuts: readonly Cut[]): Cut[] {
  const united: Cut[] = [];
  for (const peer of new Set(cuts.map((cut) => cut.peer))) {
    const silenced = (direction: "in" | "out", traffic: Cut["traffic"]): boolean =>
      cuts.some(
        (cut) =>
          cut.peer === peer &&
          (cut.direction === direction || cut.direction === "both") &&
          (cut.traffic === traffic || cut.traffic === "all"),
      );
    const all = direction(silenced("in", "all"), silenced("out", "all"));
    const any = direction(silenced("in", "peer"), silenced("out", "peer"));
    if (all !== null) united.push({ peer, direction: all, traffic: "all" });
    if (any !== null && any !== all) {
      const rest = all === null ? any : all === "in" ? "out" : "in";
      united.push({ peer, direction: rest, traffic: "peer" });
    }
  }
  return united;
}

function direction(isIn: boolean, isOut: boolean): Cut["direction"] | null {
  if (isIn) return isOut ? "both" : "in";
  return isOut ? "out" : null;
}
