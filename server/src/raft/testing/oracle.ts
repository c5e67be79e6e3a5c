import { isVoter } from "../configuration.js";
import type { Configuration, SnapshotMark } from "../configuration.js";
import type { Entry, HardState } from "../entry.js";
import type { Effect } from "../event.js";
import type { MemberId, Message, MessageOf } from "../message.js";
import type { RaftStatus } from "../status.js";
import type { LogImage } from "./log-image.js";
import { digestAfter, print, proposalOf } from "./machine.js";
import type { Machine } from "./machine.js";
import { isQuorum, overlap } from "./overlap.js";

/** What the oracle may see of a node: never the core's insides, only what it asked for and what its disk holds. */
export interface Observed {
  readonly id: MemberId;
  /** Counts restarts. */
  readonly life: number;
  readonly disk: { hardState: HardState; log: LogImage; machine: Machine };
  /** The log in memory, rebuilt from the persist effects. */
  readonly memory: LogImage;
  readonly alive: boolean;
  readonly machine: Machine;
  readonly appliedIndex: number;
  readonly status: RaftStatus;
  /** In force before any entry. */
  readonly initial: Configuration;
  /** What its disk had before it lost some of it, as long as it has not all that matters again. */
  readonly lost: readonly LogImage[];
}

/** Judges every step of a cluster by what Raft promises (dissertation, figure 3.2), from outside. */
export class Oracle {
  readonly #nodes: () => readonly Observed[];
  readonly #slots = new Map<string, string>();
  readonly #leaders = new Map<number, string>();
  readonly #grants = new Map<string, MemberId>();
  /** What was asked under an id. */
  readonly #asked = new Map<number, readonly number[]>();
  readonly #refused = new Set<number>();
  readonly #logged = new Set<number>();
  readonly #committedProposals = new Map<string, number>();
  readonly #reads = new Map<string, number>();
  /** Entry i is at i - 1. */
  readonly committed: Entry[] = [];
  /** That of the state machine at i is at i. */
  readonly #digests = [0];
  readonly counts = {
    elections: 0,
    replacedEntries: 0,
    readsReady: 0,
    readsRefused: 0,
    proposalsRefused: 0,
    changesCommitted: 0,
    jointConfigurations: 0,
    snapshotsSent: 0,
    snapshotsInstalled: 0,
    transfersAsked: 0,
    rejections: 0,
    losses: 0,
    recoveries: 0,
  };

  constructor(nodes: () => readonly Observed[]) {
    this.#nodes = nodes;
  }

  get openReads(): number {
    return this.#reads.size;
  }

  isCommitted(proposal: number): boolean {
    return this.#committedProposals.has(`${proposal} normal`);
  }

  isRefused(proposal: number): boolean {
    return this.#refused.has(proposal);
  }

  /** Log matching: an index and a term name one entry and, by induction, all before it. */
  persist(node: Observed, effect: Extract<Effect, { type: "persist" }>): void {
    const first = effect.entries[0]?.index;
    if (first === undefined) return;
    const { memory } = node;
    this.#check(
      first <= memory.lastIndex + 1,
      node,
      `persists from ${first}, log ends at ${memory.lastIndex}`,
    );
    this.counts.replacedEntries += memory.lastIndex - (first - 1);
    let previous = memory.termAt(first - 1) ?? 0;
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
      const proposal = proposalOf(entry);
      this.#check(!this.#refused.has(proposal), node, `refused proposal ${proposal} is in the log`);
      this.#logged.add(proposal);
      previous = entry.term;
    }
  }

  /** A snapshot takes the place of less than it has, and is what all would have come to. */
  installs(node: Observed, mark: SnapshotMark, machine: Machine | undefined): void {
    this.counts.snapshotsInstalled += 1;
    this.#check(
      mark.index > node.appliedIndex && mark.index > node.status.commitIndex,
      node,
      `a snapshot of ${mark.index} replaces a state machine that has ${node.status.commitIndex}`,
    );
    this.#checkMachine(node, machine, mark);
  }

  #checkMachine(node: Observed, machine: Machine | undefined, mark: SnapshotMark): void {
    this.#check(
      JSON.stringify(machine?.mark) === JSON.stringify(mark),
      node,
      `snapshot ${JSON.stringify(mark)} comes with ${JSON.stringify(machine?.mark)}`,
    );
    this.#check(
      machine?.digest === this.#digests[mark.index],
      node,
      `the state machine of ${mark.index} is not the outcome of what was committed`,
    );
  }

  send(node: Observed, message: Message): void {
    const { hardState } = node.disk;
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
    const wantsVotes =
      message.type === "vote-request" || (message.type === "vote-response" && message.granted);
    this.#check(
      hardState.lostTo === undefined || !wantsVotes,
      node,
      `${message.type} of a member that lacks what it acknowledged`,
    );
    if (message.type === "append-accepted" && message.term === hardState.term)
      this.#acknowledged(node, message);
    if (message.type === "append-rejected") this.counts.rejections += 1;
    if (message.type === "timeout-now") this.counts.transfersAsked += 1;
    if (message.type === "snapshot") {
      this.counts.snapshotsSent += 1;
      this.#checkMachine(node, node.disk.machine, message.snapshot);
    }
  }

  /** Its disk had `before`, and says so itself. */
  loses(node: Observed, before: LogImage): void {
    this.counts.losses += 1;
    const { lostTo = 0 } = node.disk.hardState;
    this.#check(lostTo >= before.lastIndex, node, `lost up to ${before.lastIndex}, knows of ${lostTo}`);
  }

  /** It says that it has all that matters again: what it once had and is committed. */
  recovered(node: Observed): void {
    this.counts.recoveries += 1;
    const { log } = node.disk;
    for (const had of node.lost) {
      for (const entry of this.committed.slice(0, had.lastIndex)) {
        const old = had.at(entry.index);
        if (entry.index > had.baseIndex && (old === undefined || print(old) !== print(entry))) continue;
        const now = log.at(entry.index);
        const isBack = entry.index <= log.baseIndex || (now !== undefined && print(now) === print(entry));
        this.#check(isBack, node, `would vote without ${entry.index}/${entry.term}, which it once had`);
      }
    }
  }

  #acknowledged(node: Observed, message: MessageOf<"append-accepted">): void {
    const { matchIndex } = message;
    const { log } = node.disk;
    this.#check(
      log.lastIndex >= matchIndex,
      node,
      `acknowledges ${matchIndex}, disk ends at ${log.lastIndex}`,
    );
    const leader = this.#nodes().find(({ id }) => id === message.to);
    if (leader?.alive !== true || leader.status.role !== "leader" || leader.status.term !== message.term)
      return;
    const theirs = leader.memory.termAt(matchIndex);
    const ours = log.termAt(matchIndex);
    // What either has compacted was committed.
    if (matchIndex < Math.max(leader.memory.baseIndex, log.baseIndex)) return;
    this.#check(ours === theirs, node, `acknowledges entry ${matchIndex}, which is another at its leader`);
  }

  changed(node: Observed, before: RaftStatus, after: RaftStatus): void {
    this.#check(after.term >= before.term, node, `term falls from ${before.term} to ${after.term}`);
    this.#check(after.commitIndex >= before.commitIndex, node, `commit index falls to ${after.commitIndex}`);
    const elected = after.role === "leader" && (before.role !== "leader" || before.term !== after.term);
    if (elected) this.#elected(node, after);
    for (let index = before.commitIndex + 1; index <= after.commitIndex; index++)
      this.#commit(node, index, before);
    if (after.role === "leader" && after.commitIndex > before.commitIndex) {
      const term = node.memory.termAt(after.commitIndex);
      this.#check(
        term === after.term,
        node,
        `leader of term ${after.term} commits by counting an entry of ${term}`,
      );
    }
    const reconfigured = before.configuration !== after.configuration;
    if (reconfigured) {
      const expected = node.memory.configuration ?? node.initial;
      this.#check(
        JSON.stringify(after.configuration) === JSON.stringify(expected),
        node,
        `acts under ${JSON.stringify(after.configuration)}, its log says ${JSON.stringify(expected)}`,
      );
    }
    if (elected || reconfigured) this.#checkOverlap(node);
  }

  /** Election safety and leader completeness. */
  #elected(node: Observed, { term }: RaftStatus): void {
    this.counts.elections += 1;
    const name = `${node.id} (life ${node.life})`;
    const other = this.#leaders.get(term);
    this.#check(other === undefined, node, `leads term ${term}, as ${other} did`);
    this.#leaders.set(term, name);
    for (const entry of this.committed.slice(node.memory.baseIndex)) {
      const mine = node.memory.termAt(entry.index);
      this.#check(
        mine === entry.term,
        node,
        `leads term ${term} without committed ${entry.index}/${entry.term}`,
      );
    }
  }

  /**
   * Whoever could be elected as things stand, a quorum of its own configuration having logs that are not ahead of
   * its own, cannot be elected by members that another such member does not need to ask.
   */
  #checkOverlap(node: Observed): void {
    const seen = this.#nodes().map((one) => {
      const log = one.alive ? one.memory : one.disk.log;
      const votes = one.disk.hardState.lostTo === undefined;
      return { id: one.id, log, votes, configuration: log.configuration ?? one.initial };
    });
    const electable = seen.filter(({ id, log, configuration, votes }) => {
      if (!votes || !isVoter(configuration, id)) return false;
      const voters = seen.filter((voter) => {
        if (!voter.votes) return false;
        return (
          log.lastTerm > voter.log.lastTerm ||
          (log.lastTerm === voter.log.lastTerm && log.lastIndex >= voter.log.lastIndex)
        );
      });
      return isQuorum(
        configuration,
        voters.map((voter) => voter.id),
      );
    });
    for (const one of electable) {
      for (const other of electable) {
        this.#check(
          one.id >= other.id || overlap(one.configuration, other.configuration),
          node,
          `${one.id} could lead by ${JSON.stringify(one.configuration)}, ${other.id} by ${JSON.stringify(other.configuration)}`,
        );
      }
    }
  }

  /** State machine safety, and durability: committed is what a quorum has on disk. */
  #commit(node: Observed, index: number, before: RaftStatus): void {
    const known = this.committed[index - 1];
    const entry = node.memory.at(index);
    if (entry === undefined) {
      const covered = known !== undefined && index <= node.memory.baseIndex;
      return this.#check(covered, node, `commits ${index}, log ends at ${node.memory.lastIndex}`);
    }
    if (known !== undefined) {
      this.#check(print(known) === print(entry), node, `commits ${print(entry)}, elsewhere ${print(known)}`);
      return;
    }
    this.#check(index === this.committed.length + 1, node, `commits ${index} before ${index - 1}`);
    this.#check(before.role === "leader", node, `commits ${index}, which no leader committed`);
    // Who lost it counts as long as it votes for nobody: its acknowledgement may have come late.
    const holders = this.#nodes().filter(({ disk, lost }) => {
      return [disk.log, ...lost].some((log) => {
        const theirs = log.at(index);
        return index <= log.baseIndex || (theirs !== undefined && print(theirs) === print(entry));
      });
    });
    this.#check(
      isQuorum(
        before.configuration,
        holders.map(({ id }) => id),
      ),
      node,
      `commits ${print(entry)}, which is on the disks of ${holders.map(({ id }) => id).join(", ")} only`,
    );
    this.committed.push(entry);
    this.#digests.push(digestAfter(this.#digests[index - 1] ?? 0, entry));
    this.#countOnce(node, entry);
  }

  /** Nothing that was proposed once takes effect twice. A change enters and leaves a joint configuration. */
  #countOnce(node: Observed, entry: Entry): void {
    if (entry.kind === "configuration") {
      const joint = entry.configuration.outgoing.length > 0;
      this.counts.changesCommitted += joint ? 0 : 1;
      this.counts.jointConfigurations += joint ? 1 : 0;
    }
    const proposal = proposalOf(entry);
    if (proposal < 0) return;
    const joint = entry.kind === "configuration" && entry.configuration.outgoing.length > 0;
    const key = `${proposal} ${joint ? "joint" : entry.kind}`;
    const earlier = this.#committedProposals.get(key);
    this.#check(earlier === undefined, node, `proposal ${key} is committed at ${earlier} and ${entry.index}`);
    this.#committedProposals.set(key, entry.index);
  }

  apply(node: Observed, entries: readonly Entry[]): void {
    let index = node.appliedIndex;
    for (const entry of entries) {
      index += 1;
      this.#check(entry.index === index, node, `applies ${entry.index} after ${index - 1}`);
      const known = this.committed[entry.index - 1];
      this.#check(known !== undefined && print(known) === print(entry), node, `applies ${print(entry)}`);
      this.#check(
        entry.index <= node.disk.log.lastIndex,
        node,
        `applies ${entry.index} before its disk has it`,
      );
    }
  }

  /** Proposals, or one change, are handed over under `id`. */
  asks(id: number, proposals: readonly number[]): void {
    this.#asked.set(id, proposals);
  }

  /** A doubled message may say it twice. */
  refused(node: Observed, id: number): void {
    for (const proposal of this.#asked.get(id) ?? []) {
      if (!this.#refused.has(proposal)) this.counts.proposalsRefused += 1;
      this.#refused.add(proposal);
      this.#check(!this.#logged.has(proposal), node, `refuses proposal ${proposal}, which is in a log`);
    }
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
