import type { HardState, MemberId, Role } from "@gauntlet/server/inside";
import type { Slot } from "./entry-tree.js";
import type { Voters } from "./quorums.js";

/** A configuration in a log, and where it stands. */
export interface Placed {
  readonly index: number;
  readonly voters: Voters;
}

/** A write that was asked for and is not reported as durable. */
interface Pending {
  readonly sequence: number;
  readonly hardState: HardState | null;
  /** Of the snapshot whose state takes the place of the replica's once this is durable; 0: there is none. */
  readonly snapshotIndex: number;
  /** Null: no entries. Else what replaces the log from there on. */
  readonly first: number | null;
  readonly slots: readonly Slot[];
}

/** What one node must have in memory and on its disk, by what it asked for. Entry i is at i - 1. */
export class NodeImage {
  readonly member: MemberId;
  readonly name: string;
  life = 0;
  alive = false;
  role: Role = "follower";
  term = 0;
  commitIndex = 0;
  appliedIndex = 0;
  memory: Slot[] = [];
  /** In force is the last one; the first is that before all entries. */
  configurations: Placed[];
  durable: Slot[] = [];
  durableState: HardState = { term: 0, vote: null };
  /** By term: for whom its votes left, over all lives. */
  readonly votes = new Map<number, MemberId>();
  /** Reads under way: what was committed when each began. */
  readonly reads = new Map<number, number>();
  /** What was proposed here in this life, by the id of its batch, and not refused. */
  readonly proposals = new Map<number, readonly Uint8Array[]>();
  /** A fault destroyed something that had been durable since the last start: what is missing then has to be owned up to. */
  isDamaged = false;
  /**
   * Of a member that says that it lost entries: logs that were durable in earlier lives and that others may count on. It
   * keeps their promise by giving no vote until it has again what of them was committed.
   */
  lost: readonly (readonly Slot[])[] = [];
  /** It lost entries and has not said yet that it has them back. */
  isRecovering = false;
  private pending: Pending[] = [];

  constructor(member: MemberId, name: string, initial: Voters) {
    this.member = member;
    this.name = name;
    this.configurations = [{ index: 0, voters: initial }];
  }

  get configuration(): Voters {
    return (this.configurations.at(-1) as Placed).voters;
  }

  /** For stories. */
  get title(): string {
    return `${this.name} (life ${this.life}, term ${this.term})`;
  }

  ask(write: Pending): void {
    this.pending.push(write);
  }

  /** All up to `sequence` is durable now. */
  persisted(sequence: number): void {
    let done = 0;
    for (const write of this.pending) {
      if (write.sequence > sequence) break;
      done += 1;
      if (write.hardState !== null) this.durableState = write.hardState;
      this.appliedIndex = Math.max(this.appliedIndex, write.snapshotIndex);
      if (write.first === null) continue;
      if (this.durable.length >= write.first) this.durable.length = write.first - 1;
      for (const slot of write.slots) this.durable.push(slot);
    }
    if (done > 0) this.pending = this.pending.slice(done);
  }

  /** Its disk has it; or had it, and the member stays away from elections until it has it again. */
  vouchesFor(slot: Slot): boolean {
    const at = slot.index - 1;
    return this.durable[at] === slot || this.lost.some((log) => log[at] === slot);
  }

  /** What may be on the disk as term, vote and losses. */
  get possibleStates(): readonly HardState[] {
    return [this.durableState, ...this.pending.flatMap(({ hardState }) => hardState ?? [])];
  }

  /** The log up to here was durable, and no write that was under way may have replaced it. */
  get certainIndex(): number {
    let certain = this.durable.length;
    for (const { first } of this.pending) if (first !== null) certain = Math.min(certain, first - 1);
    return certain;
  }

  startLife(state: HardState, log: Slot[], configurations: Placed[]): void {
    this.life += 1;
    this.alive = true;
    this.role = "follower";
    this.term = state.term;
    this.commitIndex = 0;
    this.appliedIndex = 0;
    this.memory = log;
    this.configurations = configurations;
    this.durable = [...log];
    this.durableState = state;
    this.reads.clear();
    this.proposals.clear();
    this.pending = [];
    this.isDamaged = false;
    this.isRecovering = state.lostTo !== undefined;
    if (!this.isRecovering) this.lost = [];
  }
}
