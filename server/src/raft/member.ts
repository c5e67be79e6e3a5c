import type { RaftConfig } from "./config.js";
import type { Entry, HardState } from "./entry.js";
import { invariant } from "./invariant.js";
import { RaftLog } from "./log.js";
import type { Body, MemberId } from "./message.js";
import { Outbox } from "./outbox.js";

/** What all concepts of the core share: who this member is, its term and vote, its log and its way out. */
export class Member {
  readonly config: RaftConfig;
  readonly self: MemberId;
  /** The other voters. */
  readonly peers: readonly MemberId[];
  readonly log: RaftLog;
  readonly outbox = new Outbox();
  private hardState: HardState;

  constructor(config: RaftConfig, restored: { hardState: HardState; entries: readonly Entry[] }) {
    this.config = config;
    this.self = config.self;
    this.peers = config.initial.voters.filter((voter) => voter !== config.self);
    this.log = new RaftLog(restored.entries);
    this.hardState = restored.hardState;
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

  /** A new term has no vote yet: both change together and are written together. */
  enterTerm(term: number): void {
    invariant(term > this.term, () => `term goes from ${this.term} to ${term}`);
    this.hardState = { term, vote: null };
    this.outbox.persist(this.hardState);
  }

  voteFor(candidate: MemberId): void {
    if (this.vote === candidate) return;
    invariant(this.vote === null, () => `second vote in term ${this.term}: ${this.vote}, then ${candidate}`);
    this.hardState = { term: this.term, vote: candidate };
    this.outbox.persist(this.hardState);
  }

  /** `term` differs from the member's own only in pre-votes. */
  send(to: MemberId, body: Body, term = this.term): void {
    this.outbox.send({ from: this.self, to, term, ...body });
  }
}
