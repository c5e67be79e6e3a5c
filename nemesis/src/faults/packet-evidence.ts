import { type Drops, silenceTheSame, total } from "../effects/cut-ledger.js";
import type { Cut, NodeName } from "../hosts.js";
import type { FaultContext } from "./fault.js";
import type { Finding } from "./observe.js";
import type { Partition } from "./partition.js";

/**
 * The proof of a partition: packets that its rules dropped, told peer by peer, so that a rule that matches nothing
 * is not covered by its neighbours.
 *
 * A rule drops something only if the other side has something to say, and Raft promises that of one kind of pair:
 * the leader sends heartbeats to every other member, and whoever hears them answers. So every cut pair of which one
 * end led must be seen, at whichever end has rules for it. Where both have, one may stay at 0 for good: a leader that
 * is not heard is not answered. Two followers may have nothing to say to each other, and when nobody was known to
 * lead, the most that can be asked of a node is that it dropped something.
 */
export class PacketEvidence {
  readonly #context: FaultContext;
  readonly #partition: Partition;
  /** By node, then peer: the most that was read. Another fault on the node sets the counters back. */
  readonly #seen = new Map<NodeName, Map<NodeName, number>>();

  constructor(context: FaultContext, partition: Partition) {
    this.#context = context;
    this.#partition = partition;
  }

  async look(node: NodeName): Promise<Finding> {
    const { cuts, owner } = this.#context;
    const drops = await cuts.dropped(owner, node);
    if (drops === null) {
      return { shown: false, detail: "shares counters that were not seen to restart", reading: null };
    }
    const seen = this.#keep(node, drops);
    const unseen = await this.#unseen(node);
    const { everyNodeDrops, isBrief = false } = this.#partition;
    const mustDrop = !isBrief && (everyNodeDrops || this.#leaderCuts(node).length > 0);
    const { held, wanted } = await cuts.standing(node);
    const stands = silenceTheSame(held, wanted);
    const missing = unseen.length === 0 ? "" : `, none between it and ${unseen.join(", ")}`;
    const lost = stands ? "" : ", does not hold the rules it was given";
    const said =
      total(seen) > 0 || mustDrop ? describeDrops(seen) : "holds its rules and had nothing to drop";
    return {
      shown: stands && unseen.length === 0 && (total(seen) > 0 || (!mustDrop && this.#sawAny())),
      detail: `${said}${missing}${lost}`,
      reading: { droppedPackets: Object.fromEntries(seen) },
    };
  }

  #keep(node: NodeName, drops: Drops): Drops {
    const seen = this.#seen.get(node) ?? new Map<NodeName, number>();
    for (const [peer, packets] of drops) seen.set(peer, Math.max(packets, seen.get(peer) ?? 0));
    this.#seen.set(node, seen);
    return seen;
  }

  /** Rules alone are no partition: somewhere it must have dropped something. */
  #sawAny(): boolean {
    return [...this.#seen.values()].some((drops) => total(drops) > 0);
  }

  /** Peers of pairs that must be seen and were not, at either end. */
  async #unseen(node: NodeName): Promise<NodeName[]> {
    const unseen: NodeName[] = [];
    for (const cut of this.#leaderCuts(node)) {
      const here = this.#seen.get(node)?.get(cut.peer) ?? 0;
      const there = this.#seen.get(cut.peer)?.get(node) ?? 0;
      if (here + there === 0 && (await this.#canSpeak(cut, node))) unseen.push(cut.peer);
    }
    return unseen;
  }

  /** The node's cuts of which it or the peer led, and had to: no leader speaks to who is no member. */
  #leaderCuts(node: NodeName): readonly Cut[] {
    const { leader } = this.#context;
    return (this.#partition.rules.get(node) ?? []).filter(
      ({ peer }) => (node === leader || peer === leader) && this.#isMember(node) && this.#isMember(peer),
    );
  }

  #isMember(node: NodeName): boolean {
    const { membership } = this.#context;
    return membership === null || [...membership.voters, ...membership.learners].includes(node);
  }

  /** A node that only hears its peers no more has nothing to drop of one that is dead, or silent by other cuts. */
  async #canSpeak({ peer, direction }: Cut, node: NodeName): Promise<boolean> {
    const { hosts, cuts } = this.#context;
    if (direction !== "in") return true;
    return !cuts.silences(peer, node) && (await hosts.process(peer)).state !== "exited";
  }
}

/** `dropped 48 packets of 4 peers` */
function describeDrops(drops: Drops): string {
  const packets = total(drops);
  const peers = [...drops.values()].filter((count) => count > 0).length;
  if (packets === 0) return "dropped nothing";
  return `dropped ${packets} ${packets === 1 ? "packet" : "packets"} of ${peers} ${peers === 1 ? "peer" : "peers"}`;
}
