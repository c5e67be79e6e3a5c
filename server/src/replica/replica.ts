import type { gauntletpeer } from "@gauntlet/proto";
import { EtcdError } from "../errors.js";
import type { ErrorName } from "../errors.js";
import type { ConfigurationChange } from "../raft/configuration.js";
import type { Entry } from "../raft/entry.js";
import type { Effect, Event, Instant } from "../raft/event.js";
import type { MemberId, Message } from "../raft/message.js";
import type { MemberAttributes } from "../store/index.js";
import { toProtoMember } from "../store/index.js";
import { Applying } from "./applying.js";
import { inBatches } from "./batches.js";
import type { QueuedProposal } from "./batches.js";
import { Calls } from "./calls.js";
import { Checkpoints } from "./checkpoints.js";
import { Commands } from "./commands.js";
import type { Difference } from "./integrity.js";
import type { CommandBody, ReplicaOptions, ReplicaParts, ReplicaStatus, View } from "./parts.js";
import { Persisting } from "./persisting.js";
import { Reads } from "./reads.js";
import { ERROR_OF_REFUSAL, ERROR_OF_TRANSFER } from "./refusals.js";
import { Replay } from "./replay.js";
import type { Alarm, Report } from "./report.js";
import { Reports } from "./reports.js";
import { SnapshotReceipts } from "./snapshot-receipts.js";
import { SnapshotSends } from "./snapshot-sends.js";
import type { StagedState } from "./state.js";
import { Ticker } from "./ticker.js";
import { Transfers } from "./transfers.js";

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

  readonly #commands: Commands;

  #view: View;

  readonly #applying: Applying<Result>;

  readonly #persisting: Persisting;

  readonly #replay: Replay;

  readonly #checkpoints: Checkpoints;

  readonly #sends: SnapshotSends;

  readonly #receipts: SnapshotReceipts;

  readonly #reports: Reports;

  /** "stopped" and "corrupt" end with an answer to all, "failed" without a word. */
  #state: "running" | "stopped" | "corrupt" | "failed" = "running";

  #isRetired = false;

  constructor(parts: ReplicaParts<Result>, options: ReplicaOptions) {
    this.#parts = parts;
    this.#options = options;
    const status = parts.core.status();
    this.#view = status;
    this.#replay = new Replay(options.hardState, status.lastIndex);
    this.#commands = new Commands(options.self, parts.random);
    this.#writes = new Calls(options.requestTimeoutMs);
    this.#changes = new Calls(options.requestTimeoutMs);
    this.#transfers = new Transfers(options.requestTimeoutMs);
    this.#reads = new Reads(options.requestTimeoutMs);
    const waiting = { writes: this.#writes, changes: this.#changes };
    const step = (event: Event) => this.#step(event);
    const isRunning = () => this.#state === "running";
    const fail = (what: string, error: unknown) => this.#fail(what, error);
    this.#applying = new Applying(parts, options, waiting, {
      step,
      applied: (entry) => this.#applied(entry),
    });
    this.#reports = new Reports(parts, options, {
      configuration: () => parts.core.status().configuration,
      leader: () => this.#view.leader,
      space: (full) => step({ type: "space", full }),
      // Whoever asked for a transfer decides where it goes, and is told of a refusal.
      handOver: (to) => this.#transfers.waitingCount === 0 && step({ type: "transfer", to }),
      corrupt: (difference) => this.#halt(difference),
    });
    this.#checkpoints = new Checkpoints(parts, options.checkpoints, {
      mark: () => this.#applying.mark,
      full: (full) => this.#reports.setFull("state", full),
      step: (event) => {
        this.#applying.report();
        step(event);
      },
      isRunning,
      fail,
    });
    this.#sends = new SnapshotSends(parts, step, fail);
    this.#receipts = new SnapshotReceipts(parts, {
      step: (message) => step({ type: "receive", message }),
      full: (full) => this.#reports.setFull("snapshot", full),
      isDisputed: (member) => this.#reports.isDisputed(member),
      isRunning,
      fail,
    });
    this.#persisting = new Persisting(parts, this.#replay, {
      take: (mark) => this.#receipts.take(mark),
      installBegun: () => this.#checkpoints.installBegun(),
      installed: (staged) => this.#installed(staged),
      step,
      isRunning,
      fail,
    });
    this.#ticker = new Ticker(parts.clock, options.tickIntervalMs, () => this.#tick());
  }

  start(): void {
    const { checkpoint } = this.#parts.state;
    if (checkpoint !== null) this.#parts.observer.configurationApplied(checkpoint.configuration);
    this.#ticker.start();
  }

  /** Answers all waiting calls with Stopped and does nothing from then on. */
  stop(): void {
    if (this.#state === "corrupt") this.#ticker.stop();
    if (this.#state !== "running") return;
    this.#state = "stopped";
    this.#ticker.stop();
    this.#leave("Stopped");
  }

  /**
   * The cluster has removed this member: it gets no entry any more that would answer a call. Those that wait are answered with
   * Stopped at once, and so are all that come: their clients find another member. What peers say is still taken in.
   */
  retire(): void {
    if (this.#isRetired || this.#state !== "running") return;
    this.#isRetired = true;
    this.#refuseWaiting("Stopped");
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
    return this.#replay.isDone(this.#applying.index);
  }

  /** Why a local read cannot be answered: NoLeader before all is replayed, Corrupt when the state is wrong. Null: it can. */
  get localReadFault(): ErrorName | null {
    if (this.#state === "corrupt") return "Corrupt";
    return this.isReplayed ? null : "NoLeader";
  }

  /** Lost what it may have acknowledged, and does not vote until it is back. */
  get isRecovering(): boolean {
    return this.#replay.isRecovering;
  }

  /** Of all members, as far as they are known. */
  get alarms(): readonly { readonly member: MemberId; readonly alarm: Alarm }[] {
    return this.#reports.alarms;
  }

  /**
   * Resolves when the write is committed and applied here. Rejects with NoLeader, RequestTooLarge, NoSpace or
   * RequestTooManyRequests when it never entered a log and never will; Timeout, LeaderChanged and Stopped
   * promise nothing.
   * A command is handed over once and never again: a second entry of it would be applied twice.
   */
  propose(body: CommandBody): Promise<Result> {
    return this.#propose(body);
  }

  /** Tells all members what one is called and where it is reached. Answered as `propose` is. */
  async updateMember(attributes: MemberAttributes): Promise<void> {
    await this.#propose({ members: [toProtoMember(attributes)] });
  }

  /**
   * Changes who decides and who listens, all at once. Resolves when the last of its entries, after which no majority
   * of the old voters counts any more, is committed and applied here; `attributes`: of those who are added. Rejects with NoLeader, RequestTooManyRequests, NoSpace,
   * MembershipChangeUnderWay, Unhealthy (a new leader has to commit something first), LearnerNotReady or
   * MemberNotEnoughStarted (no voter would be left) when it never entered a log and never will; Timeout,
   * LeaderChanged and Stopped promise nothing.
   */
  changeMembership(
    changes: readonly ConfigurationChange[],
    attributes: readonly MemberAttributes[] = [],
  ): Promise<void> {
    const refusal = this.#refusalOfWrite(this.#changes.waitingCount);
    if (refusal !== null) return Promise.reject(refusal);
    const { requestId, data } = this.#commands.next({ members: attributes.map(toProtoMember) });
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
      // Nothing came along with such a one: `receiveSnapshot`.
      if (message.type !== "snapshot") this.#step({ type: "receive", message });
    }
  }

  /**
   * A snapshot from a peer, and the state that belongs to it. Resolves when it is known and has been taken, if it was
   * news; rejects when it is not whole, or is not wanted: it may be sent again.
   */
  async receiveSnapshot(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#state !== "running") throw new EtcdError(this.#state === "corrupt" ? "Corrupt" : "Stopped");
    if (message.type === "snapshot") await this.#receipts.receive(message, chunks);
  }

  /** What a peer says of itself. */
  receiveReport(from: MemberId, report: Report): void {
    if (this.#state === "running" || this.#state === "corrupt") this.#reports.received(from, report);
  }

  /** The disk has no room for more of the log, or has it again. */
  logFull(full: boolean): void {
    if (this.#state === "running") this.#reports.setFull("log", full);
  }

  /** The log is unusable, whether anything waits for it or not. */
  logFailed(error: Error): void {
    this.#fail("the write-ahead log cannot be written", error);
  }

  #propose(body: gauntletpeer.Command.$Properties): Promise<Result> {
    const refusal = this.#refusalOfWrite(this.#writes.waitingCount);
    if (refusal !== null) return Promise.reject(refusal);
    const { requestId, data } = this.#commands.next(body);
    if (data.length > this.#options.maxProposalBytes) {
      return Promise.reject(new EtcdError("RequestTooLarge"));
    }
    if (this.#queue.length === 0) this.#parts.clock.soon(() => this.#proposeQueued());
    this.#queue.push({ requestId, data });
    return this.#writes.add(requestId, this.#parts.clock.monotonicMs());
  }

  #refusalOf(waitingCount: number, limit: number): EtcdError | null {
    if (this.#state === "corrupt") return new EtcdError("Corrupt");
    if (this.#state !== "running" || this.#isRetired) return new EtcdError("Stopped");
    return waitingCount >= limit ? new EtcdError("RequestTooManyRequests") : null;
  }

  #refusalOfWrite(waitingCount: number): EtcdError | null {
    const refusal = this.#refusalOf(waitingCount, this.#options.maxWaitingProposals);
    return refusal === null && this.#reports.refusesWrites ? new EtcdError("NoSpace") : refusal;
  }

  #tick(): void {
    const now = this.#parts.clock.monotonicMs();
    // A corrupt member goes on telling that it is.
    this.#reports.tick(now);
    if (this.#state !== "running") return;
    this.#parts.observer.ticked();
    this.#applying.report();
    this.#step({ type: "tick" });
    for (const calls of [this.#writes, this.#changes, this.#transfers, this.#reads]) calls.expire(now);
    this.#sends.tick(now);
    this.#receipts.tick();
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
        else if (effect.message.type === "snapshot") this.#sends.send(effect.message);
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
        return this.#persisting.begin(effect);
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

  #installed(staged: StagedState): void {
    staged.adopt();
    this.#applying.replaced(staged.mark);
    this.#checkpoints.installed(staged.mark.index);
    this.#reports.stateReplaced();
    this.#parts.observer.snapshotInstalled(staged.mark.index);
    this.#reads.applied(this.#applying.index);
  }

  #applied(entry: Entry): void {
    this.#reports.applied(entry.index);
    this.#checkpoints.applied(entry);
  }

  #now(): Instant {
    const { clock } = this.#parts;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }

  /** Whatever this member said from now on could be wrong. */
  #halt(difference: Difference): void {
    if (this.#state !== "running") return;
    this.#state = "corrupt";
    this.#view = { ...this.#view, role: "follower", leader: null };
    this.#leave("Corrupt");
    this.#parts.observer.corrupt(difference);
    this.#parts
      .markCorrupt(difference)
      .catch((error: unknown) =>
        this.#parts.observer.fatal(new Error("that the state is corrupt cannot be noted", { cause: error })),
      );
  }

  /** Takes no more part. */
  #leave(error: "Stopped" | "Corrupt"): void {
    this.#sends.stop();
    this.#receipts.stop();
    this.#refuseWaiting(error);
  }

  #refuseWaiting(error: "Stopped" | "Corrupt"): void {
    for (const calls of [this.#writes, this.#changes, this.#transfers, this.#reads]) calls.refuseAll(error);
  }

  #fail(what: string, cause: unknown): void {
    if (this.#state !== "running") return;
    this.#state = "failed";
    this.#ticker.stop();
    this.#parts.observer.fatal(new Error(what, { cause }));
  }
}
