import type { Entry, HardState } from "../entry.js";
import type { Effect } from "../event.js";
import type { MemberId, Message, MessageOf } from "../message.js";
import type { RaftStatus } from "../status.js";

/** What the oracle may see of a node: never the core's insides, only what it asked for and what its disk holds. */
export interface Observed {
  readonly id: MemberId;
  /** Counts restarts. */
  readonly life: number;
  readonly disk: { hardState: HardState; entries: Entry[] };
  /** The log in memory, rebuilt from the persist effects. */
  readonly memory: Entry[];
  readonly alive: boolean;
  appliedIndex: number;
  readonly status: RaftStatus;
}

/** Judges every step of a cluster by what Raft promises (dissertation, figure 3.2), from outside. */
export class Oracle {
  readonly #nodes: () => readonly Observed[];
  readonly #slots = new Map<string, string>();
  readonly #leaders = new Map<number, string>();
  readonly #grants = new Map<string, MemberId>();
  readonly #refused = new Set<number>();
  readonly #reads = new Map<string, number>();
  /** Entry i is at i - 1. */
  readonly committed: Entry[] = [];
  readonly counts = { elections: 0, replacedEntries: 0, readsReady: 0, readsRefused: 0, proposalsRefused: 0 };

  constructor(nodes: () => readonly Observed[]) {
    this.#nodes = nodes;
  }

  get openReads(): number {
    return this.#reads.size;
  }

  /** Log matching: an index and a term name one entry and, by induction, all before it. */
  persist(node: Observed, effect: Extract<Effect, { type: "persist" }>): void {
    const first = effect.entries[0]?.index;
    if (first === undefined) return;
    this.#check(
      first <= node.memory.length + 1,
      node,
      `persists from ${first}, log ends at ${node.memory.length}`,
    );
    this.counts.replacedEntries += node.memory.length - (first - 1);
    let previous = node.memory[first - 2]?.term ?? 0;
    for (const [at, entry] of effect.entries.entries()) {
      this.#check(entry.index === first + at, node, `persists ${entry.index} at ${first + at}`);
      this.#check(entry.term >= previous, node, `term falls at ${entry.index}`);
      const slot = `${entry.index}/${entry.term}`;
      const content = `after ${previous}: ${print(entry)}`;
      const known = this.#slots.get(slot);
      this.#check(
        known === undefined || known === content,
        node,
        `entry ${slot} is ${content}, elsewhere ${known}`,
      );
      this.#slots.set(slot, content);
      this.#check(
        !this.#refused.has(proposalOf(entry)),
        node,
        `refused proposal ${proposalOf(entry)} is in the log`,
      );
      previous = entry.term;
    }
  }

  send(node: Observed, message: Message): void {
    const { hardState, entries } = node.disk;
    const isForecast =
      (message.type === "vote-request" && message.pre) ||
      (message.type === "vote-response" && message.pre && message.granted);
    this.#check(
      isForecast || message.term <= hardState.term,
      node,
      `${message.type} of a term that is not on disk`,
    );
    if (message.type === "vote-response" && message.granted && !message.pre) {
      const ballot = `${node.id} in term ${message.term}`;
      const candidate = this.#grants.get(ballot) ?? message.to;
      this.#check(candidate === message.to, node, `two votes of ${ballot}: ${candidate} and ${message.to}`);
      this.#grants.set(ballot, candidate);
      const durable = hardState.term > message.term || hardState.vote === message.to;
      this.#check(durable, node, `vote of ${ballot} left before it was on disk`);
    }
    if (message.type === "append-accepted" && message.term === hardState.term)
      this.#acknowledged(node, message, entries);
  }

  #acknowledged(node: Observed, message: MessageOf<"append-accepted">, disk: readonly Entry[]): void {
    const { matchIndex } = message;
    this.#check(disk.length >= matchIndex, node, `acknowledges ${matchIndex}, disk ends at ${disk.length}`);
    const leader = this.#nodes().find(({ id }) => id === message.to);
    if (leader?.alive !== true || leader.status.role !== "leader" || leader.status.term !== message.term)
      return;
    const theirs = leader.memory[matchIndex - 1];
    const ours = disk[matchIndex - 1];
    this.#check(
      ours?.term === theirs?.term,
      node,
      `acknowledges entry ${matchIndex}, which is another at its leader`,
    );
  }

  changed(node: Observed, before: RaftStatus, after: RaftStatus): void {
    this.#check(after.term >= before.term, node, `term falls from ${before.term} to ${after.term}`);
    this.#check(after.commitIndex >= before.commitIndex, node, `commit index falls to ${after.commitIndex}`);
    if (after.role === "leader" && (before.role !== "leader" || before.term !== after.term))
      this.#elected(node, after);
    for (let index = before.commitIndex + 1; index <= after.commitIndex; index++) this.#commit(node, index);
    if (after.role === "leader" && after.commitIndex > before.commitIndex) {
      const term = node.memory[after.commitIndex - 1]?.term;
      this.#check(
        term === after.term,
        node,
        `leader of term ${after.term} commits by counting an entry of ${term}`,
      );
    }
  }

  /** Election safety and leader completeness. */
  #elected(node: Observed, { term }: RaftStatus): void {
    this.counts.elections += 1;
    const name = `${node.id} (life ${node.life})`;
    const other = this.#leaders.get(term);
    this.#check(other === undefined, node, `leads term ${term}, as ${other} did`);
    this.#leaders.set(term, name);
    for (const entry of this.committed) {
      const mine = node.memory[entry.index - 1];
      this.#check(
        mine?.term === entry.term,
        node,
        `leads term ${term} without committed ${entry.index}/${entry.term}`,
      );
    }
  }

  /** State machine safety, and durability: committed is what a majority has on disk. */
  #commit(node: Observed, index: number): void {
    const entry = node.memory[index - 1];
    if (entry === undefined) return this.#fail(node, `commits ${index}, log ends at ${node.memory.length}`);
    const known = this.committed[index - 1];
    if (known !== undefined) {
      this.#check(print(known) === print(entry), node, `commits ${print(entry)}, elsewhere ${print(known)}`);
      return;
    }
    this.#check(index === this.committed.length + 1, node, `commits ${index} before ${index - 1}`);
    const holders = this.#nodes().filter(({ disk }) => {
      const theirs = disk.entries[index - 1];
      return theirs !== undefined && print(theirs) === print(entry);
    });
    this.#check(
      holders.length * 2 > this.#nodes().length,
      node,
      `commits ${print(entry)}, which is on the disks of ${holders.map(({ id }) => id).join(", ")} only`,
    );
    this.committed.push(entry);
  }

  apply(node: Observed, entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#check(
        entry.index === node.appliedIndex + 1,
        node,
        `applies ${entry.index} after ${node.appliedIndex}`,
      );
      const known = this.committed[entry.index - 1];
      this.#check(known !== undefined && print(known) === print(entry), node, `applies ${print(entry)}`);
      this.#check(
        entry.index <= node.disk.entries.length,
        node,
        `applies ${entry.index} before its disk has it`,
      );
      node.appliedIndex = entry.index;
    }
  }

  refused(proposals: readonly number[]): void {
    this.counts.proposalsRefused += proposals.length;
    for (const proposal of proposals) this.#refused.add(proposal);
  }

  /** What is committed at this moment, by anybody's knowledge, a read that begins now has to see. */
  readBegins(node: Observed, id: number): void {
    this.#reads.set(`${node.id}.${node.life}.${id}`, this.committed.length);
  }

  readEnds(node: Observed, id: number, index: number | null): void {
    const key = `${node.id}.${node.life}.${id}`;
    const floor = this.#reads.get(key);
    if (floor === undefined) return this.#fail(node, `answers read ${id}, which is not open`);
    this.#reads.delete(key);
    if (index === null) {
      this.counts.readsRefused += 1;
      return;
    }
    this.counts.readsReady += 1;
    this.#check(
      index >= floor,
      node,
      `read ${id} gets index ${index}, but ${floor} was committed when it began`,
    );
    this.#check(
      index <= this.committed.length,
      node,
      `read ${id} gets index ${index}, which is not committed`,
    );
  }

  /** Its callers died with it. */
  died(node: Observed): void {
    for (const key of this.#reads.keys())
      if (key.startsWith(`${node.id}.${node.life}.`)) this.#reads.delete(key);
  }

  #check(holds: boolean, node: Observed, what: string): void {
    if (!holds) this.#fail(node, what);
  }

  #fail(node: Observed, what: string): void {
    throw new Error(`member ${node.id}, term ${node.status.term}: ${what}`);
  }
}

/** Test entries carry their proposal's number. */
export function encodeProposal(proposal: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(proposal).buffer);
}

function proposalOf({ data }: Entry): number {
  return data.length < 4 ? -1 : new DataView(data.buffer, data.byteOffset).getUint32(0, true);
}

function print(entry: Entry): string {
  return `${entry.index}/${entry.term} ${entry.kind} ${proposalOf(entry)} @${entry.timestampMs}`;
}
