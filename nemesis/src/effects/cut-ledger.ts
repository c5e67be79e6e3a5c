import type { Cut, Hosts, NodeName } from "../hosts.js";
import { Serial } from "./serial.js";

/** One fault that holds cuts, by its index in the schedule. */
export type Owner = number;

interface NodeRules {
  readonly cutsOf: Map<Owner, readonly Cut[]>;
  /** Whether the counter was seen to begin anew with the present rules: only then do its drops speak for them. */
  restarted: boolean;
}

/**
 * All cuts of all faults. `Hosts.cut` replaces a node's rules as a whole, so a fault that begins or ends sets
 * the union of what every fault holds there: the undo of one never heals another.
 *
 * Drops are counted per node, not per fault. Where rules replace rules, the counter is evidence for the new ones
 * only if it visibly began at 0 again when they were set; the rules of one node take effect as one. A counter that
 * stood at 0 cannot be seen to restart, so the rules are set again once it has moved.
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

  /** Packets dropped by rules that include the owner's cuts; null while the counter cannot speak for them. */
  async dropped(owner: Owner, node: NodeName): Promise<number | null> {
    return this.#serial.run(node, async () => {
      const rules = this.#of(node);
      if (!rules.cutsOf.has(owner)) return null;
      if (!rules.restarted) await this.#set(node, rules);
      return rules.restarted ? this.#hosts.droppedPackets(node) : null;
    });
  }

  /**
   * What is left on a node after a removal. With `others` the counter goes on for them, and `restarted` says
   * whether the old rules were seen to go; without, anything but 0 drops means that rules are still in force.
   */
  async rest(node: NodeName): Promise<{ others: boolean; restarted: boolean; dropped: number }> {
    return this.#serial.run(node, async () => {
      const rules = this.#of(node);
      const others = rules.cutsOf.size > 0;
      if (others && !rules.restarted) await this.#set(node, rules);
      return { others, restarted: rules.restarted, dropped: await this.#hosts.droppedPackets(node) };
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
    const before = await this.#hosts.droppedPackets(node);
    await this.#hosts.cut(node, unite([...rules.cutsOf.values()].flat()));
    rules.restarted = before === 0 ? isFirst : (await this.#hosts.droppedPackets(node)) < before;
  }
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
