import type { RaftConfig } from "./config.js";
import { ConfigurationHistory } from "./configuration-history.js";
import { isJoint, membersOf } from "./configuration.js";
import type { Configuration, SnapshotMark } from "./configuration.js";
import type { Entry, HardState } from "./entry.js";
import { invariant } from "./invariant.js";
import { RaftLog } from "./log.js";
import type { Body, MemberId } from "./message.js";
import { Outbox } from "./outbox.js";

/** What was durable when this member began. `entries` go on where the snapshot ends; without one, at 1. */
export interface Restored {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMark | null;
  readonly entries: readonly Entry[];
}

/** What all concepts of the core share: who this member is, its term and vote, its log and its way out. */
export class Member {
  readonly config: RaftConfig;
  readonly self: MemberId;
  readonly log: RaftLog;
  readonly configurations: ConfigurationHistory;
  readonly outbox = new Outbox();
  /** Whatever this member said in earlier lives, it said in this term or an earlier one. */
  readonly restoredTerm: number;
  /** The driver says so: a leader takes no proposals then. */
  diskIsFull = false;
  private hardState: HardState;

  constructor(config: RaftConfig, restored: Restored) {
    this.config = config;
    this.self = config.self;
    this.log = new RaftLog(restored.snapshot, restored.entries);
    this.configurations = new ConfigurationHistory(
      restored.snapshot ?? { index: 0, configuration: config.initial },
    );
    this.configurations.replaceFrom(restored.entries);
    this.hardState = restored.hardState;
    this.restoredTerm = restored.hardState.term;
    invariant(
      this.log.lastTerm <= this.term,
      () => `restored log ends in term ${this.log.lastTerm}, later than the restored term ${this.term}`,
    );
  }

  get term(): number {
    return this.hardState.term;
  }

  get vote(): MemberId | null {
    return this.hardState.vote;
  }

  /** Null: this member has all that it ever acknowledged. Else it is recovering: recovering.ts. */
  get lostTo(): number | null {
    return this.hardState.lostTo ?? null;
  }

  /** In force. */
  get configuration(): Configuration {
    return this.configurations.last;
  }

  /** All others who get the log. */
  get peers(): readonly MemberId[] {
    return membersOf(this.configuration).filter((member) => member !== this.self);
  }

  /** Puts `entries` in place of everything from the first of them on. */
  replaceLogFrom(entries: readonly Entry[]): void {
    this.log.replaceFrom(entries);
    this.configurations.replaceFrom(entries);
  }

  /** Puts a leader's snapshot in place of the whole log. */
  restoreLog(mark: SnapshotMark): void {
    this.log.restore(mark);
    this.configurations.reset(mark);
  }

  /** The state machine as of `index` is on disk; entries before `firstKept` can go. */
  checkpoint(index: number, firstKept: number): void {
    const term = this.log.termAt(index);
    // From before a snapshot that took the place of the log meanwhile.
    if (term === null) return;
    // A member that joined does not know yet who decided then, and so could not tell another.
    if (this.configurations.at(index).voters.length === 0) return;
    // Who leaves a joint configuration repeats what came with it.
    const kept = isJoint(this.configuration) ? Math.min(firstKept, this.configurations.lastIndex) : firstKept;
    this.log.checkpoint({ index, term, configuration: this.configurations.at(index) }, kept);
    this.configurations.compactTo(this.log.firstIndex - 1);
  }

  /** A new term has no vote yet: both change together and are written together. */
  enterTerm(term: number): void {
    invariant(term > this.term, () => `term goes from ${this.term} to ${term}`);
    this.persist({ ...this.hardState, term, vote: null });
  }

  voteFor(candidate: MemberId): void {
    if (this.vote === candidate) return;
    invariant(this.vote === null, () => `second vote in term ${this.term}: ${this.vote}, then ${candidate}`);
    invariant(this.lostTo === null, () => `a vote, though entries up to ${this.lostTo} may be lost`);
    this.persist({ term: this.term, vote: candidate });
  }

  /** What was lost is back, and durable. Whatever is sent from now on waits until this is durable, too. */
  recovered(): void {
    this.persist({ term: this.term, vote: this.vote });
  }

  /** `term` differs from the member's own only in pre-votes. */
  send(to: MemberId, body: Body, term = this.term): void {
    this.outbox.send({ from: this.self, to, term, ...body });
  }

  private persist(hardState: HardState): void {
    this.hardState = hardState;
    this.outbox.persist(hardState);
  }
}
