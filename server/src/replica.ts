import { gauntletpeer } from "@gauntlet/proto";
import { EtcdError } from "./errors.js";
import type { ErrorName } from "./errors.js";
import type { ConfigurationChange } from "./raft/configuration.js";
import type { Entry } from "./raft/entry.js";
import type { Effect, Event, Instant, RefusalReason, TransferRefusal } from "./raft/event.js";
import { InvariantViolation } from "./raft/invariant.js";
import type { MemberId, Message } from "./raft/message.js";
import { Applying } from "./replica-applying.js";
import { inBatches } from "./replica-batches.js";
import type { QueuedProposal } from "./replica-batches.js";
import { Calls } from "./replica-calls.js";
import type { CommandBody, ReplicaOptions, ReplicaParts, ReplicaStatus, View } from "./replica-parts.js";
import { Reads } from "./replica-reads.js";
import { Ticker } from "./replica-ticker.js";
import { Transfers } from "./replica-transfers.js";

/**
 * A process draws its first request id from here and counts up: an entry of an earlier life, applied
 * while this one waits, does not pass for one of its own.
 */
const FIRST_REQUEST_ID_BOUND = 2 ** 47;

const NOW = Promise.resolve();

const ERROR_OF_REFUSAL = {
  "no-leader": "NoLeader",
  "too-many-uncommitted": "RequestTooManyRequests",
  "no-space": "NoSpace",
  "leader-changed": "LeaderChanged",
  "change-under-way": "MembershipChangeUnderWay",
  "term-not-committed": "Unhealthy",
  "learner-not-ready": "LearnerNotReady",
  "no-voters-left": "MemberNotEnoughStarted",
} as const satisfies Record<RefusalReason, ErrorName>;

const ERROR_OF_TRANSFER = {
  "not-leader": "NotLeader",
  "not-a-voter": "BadLeaderTransferee",
  "transfer-under-way": "LeaderTransferUnderWay",
} as const satisfies Record<TransferRefusal, ErrorName>;

/**
 * Drives one Raft group: feeds the core with ticks, messages and requests, carries out its effects, and
 * answers the calls that wait. The only place where effects meet I/O, and that through ports alone.
 */
export class Replica<Result> {
  readonly #parts: ReplicaParts<Result>;

  readonly #options: ReplicaOptions;

  readonly #writes: Calls<Result>;

  readonly #changes: Calls<void>;

  readonly #transfers: Transfers;

  readonly #reads: Reads;

  readonly #ticker: Ticker;

  /** Writes of this turn. */
  #queue: QueuedProposal[] = [];

  #nextRequestId: number;

  #view: View;

  readonly #applying: Applying<Result>;

  #durableSequence = 0;

  #durableStepQueued = false;

  /** Where the log of the earlier life ends that is still to be applied. */
  #replayIndex: number;

  /** "stopped" ends with an answer to all, "failed" without a word. */
  #state: "running" | "stopped" | "failed" = "running";

  constructor(parts: ReplicaParts<Result>, options: ReplicaOptions) {
    this.#parts = parts;
    this.#options = options;
    const status = parts.core.status();
    this.#view = status;
    this.#replayIndex = status.lastIndex;
    this.#nextRequestId = 1 + parts.random.below(FIRST_REQUEST_ID_BOUND);
    this.#writes = new Calls(options.requestTimeoutMs);
    this.#changes = new Calls(options.requestTimeoutMs);
    this.#transfers = new Transfers(options.requestTimeoutMs);
    this.#reads = new Reads(options.requestTimeoutMs);
    const waiting = { writes: this.#writes, changes: this.#changes };
    this.#applying = new Applying(parts, options, waiting, (event) => this.#step(event));
    this.#ticker = new Ticker(parts.clock, options.tickIntervalMs, () => this.#tick());
  }

  start(): void {
    this.#ticker.start();
  }

  /** Answers all waiting calls with Stopped and does nothing from then on. */
  stop(): void {
    if (this.#state !== "running") return;
    this.#state = "stopped";
    this.#ticker.stop();
    for (const calls of [this.#writes, this.#changes, this.#transfers, this.#reads])
      calls.refuseAll("Stopped");
  }

  /** Cheap: for every answer. */
  get view(): View {
    return this.#view;
  }

  status(): ReplicaStatus {
    return { ...this.#parts.core.status(), appliedIndex: this.#applying.index };
  }

  /**
   * The store holds at least what it held before the last restart, so that a local read does not go back.
   * (It held nothing that was not in the log.)
   */
  get isReplayed(): boolean {
    return this.#applying.index >= this.#replayIndex;
  }

  /**
   * Resolves when the write is committed and applied here. Rejects with NoLeader, RequestTooLarge or
   * RequestTooManyRequests when it never entered a log and never will; Timeout, LeaderChanged and Stopped
   * promise nothing.
   * A command is handed over once and never again: a second entry of it would be applied twice.
   */
  propose(body: CommandBody): Promise<Result> {
    const refusal = this.#refusalOf(this.#writes.waitingCount, this.#options.maxWaitingProposals);
    if (refusal !== null) return Promise.reject(refusal);
    const { requestId, data } = this.#newCommand(body);
    if (data.length > this.#options.maxProposalBytes) {
      return Promise.reject(new EtcdError("RequestTooLarge"));
    }
    if (this.#queue.length === 0) this.#parts.clock.soon(() => this.#proposeQueued());
    this.#queue.push({ requestId, data });
    return this.#writes.add(requestId, this.#parts.clock.monotonicMs());
  }

  /**
   * Changes who decides and who listens, all at once. Resolves when the last of its entries, after which no majority
   * of the old voters counts any more, is committed and applied here. Rejects with NoLeader, RequestTooManyRequests,
   * MembershipChangeUnderWay, Unhealthy (a new leader has to commit something first), LearnerNotReady or
   * MemberNotEnoughStarted (no voter would be left) when it never entered a log and never will; Timeout,
   * LeaderChanged and Stopped promise nothing.
   */
  changeMembership(changes: readonly ConfigurationChange[]): Promise<void> {
    const refusal = this.#refusalOf(this.#changes.waitingCount, this.#options.maxWaitingProposals);
    if (refusal !== null) return Promise.reject(refusal);
    const { requestId, data } = this.#newCommand({});
    this.#parts.clock.soon(() => {
      this.#changes.handOver(requestId, [requestId], this.#view.term);
      this.#step({ type: "change", id: requestId, changes, data });
    });
    return this.#changes.add(requestId, this.#parts.clock.monotonicMs());
  }

  /**
   * Hands the leadership from this member to `to`. Resolves when `to` is seen to lead. Rejects with NotLeader,
   * BadLeaderTransferee (no voter) or LeaderTransferUnderWay when it was not begun, with LeaderChanged when another
   * member leads a later term; LeaderTransferTimeout, RequestTooManyRequests and Stopped as everywhere.
   */
  transferLeadership(to: MemberId): Promise<void> {
    const refusal = this.#refusalOf(this.#transfers.waitingCount, this.#options.maxWaitingProposals);
    if (refusal !== null) return Promise.reject(refusal);
    this.#parts.clock.soon(() => {
      const next = this.#transfers.askNext(this.#view.term);
      if (next === null) return;
      if (next === this.#options.self && this.#view.role === "leader") this.#transfers.needless();
      else this.#step({ type: "transfer", to: next });
    });
    return this.#transfers.add(to, this.#parts.clock.monotonicMs());
  }

  /**
   * Resolves when the store holds every write that was acknowledged before this call, so that a local read
   * is linearizable. Rejects with NoLeader, LeaderChanged, RequestTooManyRequests, Timeout or Stopped.
   */
  readBarrier(): Promise<void> {
    const refusal = this.#refusalOf(this.#reads.waitingCount, this.#options.maxWaitingReads);
    if (refusal !== null) return Promise.reject(refusal);
    if (this.#reads.gatheredCount === 0) this.#parts.clock.soon(() => this.#askGathered());
    return this.#reads.add();
  }

  /** Messages from peers, addressed to this member. */
  receive(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#step({ type: "receive", message });
    }
  }

  #refusalOf(waitingCount: number, limit: number): EtcdError | null {
    if (this.#state !== "running") return new EtcdError("Stopped");
    return waitingCount >= limit ? new EtcdError("RequestTooManyRequests") : null;
  }

  #newCommand(body: CommandBody | Record<string, never>): QueuedProposal {
    const requestId = this.#nextRequestId;
    this.#nextRequestId += 1;
    const command = { origin: this.#options.self, request_id: requestId, ...body };
    return { requestId, data: gauntletpeer.Command.encode(command).finish() };
  }

  #tick(): void {
    if (this.#state !== "running") return;
    this.#parts.observer.ticked();
    this.#applying.report();
    this.#step({ type: "tick" });
    const now = this.#parts.clock.monotonicMs();
    for (const calls of [this.#writes, this.#changes, this.#transfers, this.#reads]) calls.expire(now);
  }

  /** A batch goes by the first of its request ids. */
  #proposeQueued(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const batch of inBatches(queue, this.#options.maxProposalBatchBytes)) {
      const id = batch[0].requestId;
      const requestIds = batch.map((proposal) => proposal.requestId);
      this.#writes.handOver(id, requestIds, this.#view.term);
      this.#step({ type: "propose", id, data: batch.map((proposal) => proposal.data) });
    }
  }

  #askGathered(): void {
    if (this.#state !== "running") return;
    const id = this.#reads.ask(this.#parts.clock.monotonicMs());
    this.#step({ type: "read", id });
  }

  #step(event: Event): void {
    if (this.#state !== "running") return;
    try {
      let sends: Message[] | null = null;
      for (const effect of this.#parts.core.step(event, this.#now())) {
        if (effect.type !== "send") this.#carryOut(effect);
        else if (sends === null) sends = [effect.message];
        else sends.push(effect.message);
      }
      if (sends !== null) this.#parts.network.send(sends);
    } catch (error) {
      this.#fail(`the replica broke an invariant on ${event.type}`, error);
    }
  }

  #carryOut(effect: Exclude<Effect, { type: "send" }>): void {
    switch (effect.type) {
      case "persist":
        return this.#beginPersist(effect);
      case "apply":
        this.#applying.apply(effect.entries);
        return this.#reads.applied(this.#applying.index);
      case "read-ready":
        this.#reads.confirm(effect.id, effect.index);
        return this.#reads.applied(this.#applying.index);
      case "read-refused":
        return this.#reads.refuse(effect.id, ERROR_OF_REFUSAL[effect.reason]);
      case "proposals-refused":
        // One counter gives all ids, so at most one of the two knows this one.
        this.#writes.refuse(effect.id, ERROR_OF_REFUSAL[effect.reason]);
        return this.#changes.refuse(effect.id, ERROR_OF_REFUSAL[effect.reason]);
      case "transfer-refused":
        return this.#transfers.refuseLast(ERROR_OF_TRANSFER[effect.reason]);
      case "role-changed":
        this.#view = effect;
        if (effect.leader !== null) this.#transfers.leaderSeen(effect.leader, effect.term);
        return this.#parts.observer.roleChanged(effect);
    }
  }

  #beginPersist({ sequence, hardState, snapshot, entries }: Extract<Effect, { type: "persist" }>): void {
    if (snapshot !== null) {
      // No member reports a checkpoint, so none can have sent a snapshot.
      throw new InvariantViolation(`a snapshot of entry ${snapshot.index} came, which nobody can have made`);
    }
    this.#forgetReplaced(entries);
    this.#parts.log.append({ hardState, snapshot: null, entries }).then(
      () => this.#durable(sequence),
      (error: unknown) => this.#fail("the write-ahead log cannot be written", error),
    );
  }

  /** Records that one fsync made durable resolve together: they are one event, and one acknowledgement. */
  #durable(sequence: number): void {
    this.#durableSequence = sequence;
    if (this.#durableStepQueued) return;
    this.#durableStepQueued = true;
    // One turn of the microtask queue, in which the others resolve.
    void NOW.then(this.#stepDurable);
  }

  readonly #stepDurable = (): void => {
    this.#durableStepQueued = false;
    this.#step({ type: "persisted", sequence: this.#durableSequence });
  };

  /** What a leader replaced was not committed: nobody read it before the restart, or ever will. */
  #forgetReplaced([first]: readonly Entry[]): void {
    if (first !== undefined) this.#replayIndex = Math.min(this.#replayIndex, first.index - 1);
  }

  #now(): Instant {
    const { clock } = this.#parts;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }

  #fail(what: string, cause: unknown): void {
    if (this.#state !== "running") return;
    this.#state = "failed";
    this.#ticker.stop();
    this.#parts.observer.fatal(new Error(what, { cause }));
  }
}
