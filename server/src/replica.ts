import { gauntletpeer } from "@gauntlet/proto";
import { EtcdError } from "./errors.js";
import type { ErrorName } from "./errors.js";
import type { Clock, Network, Random } from "./ports.js";
import { ENTRY_VERSION } from "./raft/entry.js";
import type { Entry, HardState } from "./raft/entry.js";
import type { Effect, Event, Instant, RefusalReason, Role } from "./raft/event.js";
import type { MemberId, Message } from "./raft/message.js";
import { Proposals } from "./replica-proposals.js";
import { Reads } from "./replica-reads.js";
import { Ticker } from "./replica-ticker.js";

/** The body of a write: exactly one of the requests, encoded as etcd encodes it. */
export type CommandBody =
  | { readonly put: Uint8Array }
  | { readonly delete_range: Uint8Array }
  | { readonly txn: Uint8Array };

/** What an applied command leaves: whom to answer, and with what. */
export interface Applied<Result> {
  readonly origin: MemberId;
  readonly requestId: number;
  readonly result: Result;
}

export interface ReplicaStatus extends View {
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
}

/** Whom this member believes to lead, and its own part in it. */
export interface View {
  readonly role: Role;
  readonly term: number;
  readonly leader: MemberId | null;
}

/** What one persist effect makes durable. */
export interface LogRecord {
  readonly hardState: HardState | null;
  readonly entries: readonly Entry[];
}

/** The parts that a replica drives. */
export interface ReplicaParts<Result> {
  readonly core: { step(event: Event, now: Instant): readonly Effect[]; status(): ReplicaStatus };
  /** Resolves when durable; calls are completed in order. */
  readonly log: { append(record: LogRecord): Promise<void> };
  readonly store: { applyCommand(data: Uint8Array): Applied<Result> };
  readonly network: Network<Message>;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: ReplicaObserver;
}

/** Told what happens; none of it changes what the replica does, but `fatal` must not return to a living process. */
export interface ReplicaObserver {
  roleChanged(view: View): void;
  ticked(): void;
  /** A write of this member was committed and applied, so many milliseconds after it was proposed. */
  proposalApplied(elapsedMs: number): void;
  /** The log cannot be written or an invariant broke: end the process before it says anything more. */
  fatal(error: Error): void;
}

export interface ReplicaOptions {
  readonly self: MemberId;
  readonly tickIntervalMs: number;
  /** How long a write waits for its entry and a read for its index. */
  readonly requestTimeoutMs: number;
  /** Largest encoded command; a larger one is refused with RequestTooLarge. */
  readonly maxProposalBytes: number;
  /** Proposals of one turn are handed to the core in groups of about so many bytes. */
  readonly maxProposalBatchBytes: number;
  /** Writes of this member that may wait at once; more get RequestTooManyRequests. */
  readonly maxWaitingProposals: number;
  /** Linearizable reads of this member that may wait at once; more get RequestTooManyRequests. */
  readonly maxWaitingReads: number;
}

/**
 * A process draws its first request id from here and counts up: an entry of an earlier life, applied
 * while this one waits, does not pass for one of its own.
 */
const FIRST_REQUEST_ID_BOUND = 2 ** 47;

const ERROR_OF_REFUSAL = {
  "no-leader": "NoLeader",
  "too-many-uncommitted": "RequestTooManyRequests",
  "leader-changed": "LeaderChanged",
} as const satisfies Record<RefusalReason, ErrorName>;

/**
 * Drives one Raft group: feeds the core with ticks, messages and requests, carries out its effects, and
 * answers the calls that wait. The only place where effects meet I/O, and that through ports alone.
 */
export class Replica<Result> {
  readonly #parts: ReplicaParts<Result>;

  readonly #options: ReplicaOptions;

  readonly #proposals: Proposals<Result>;

  readonly #reads: Reads;

  readonly #ticker: Ticker;

  #nextRequestId: number;

  #view: View;

  #appliedIndex = 0;

  #appliedTerm = 0;

  #durableSequence = 0;

  #durableStepQueued = false;

  #appliedStepQueued = false;

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
    this.#proposals = new Proposals(options.requestTimeoutMs);
    this.#reads = new Reads(options.requestTimeoutMs);
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
    this.#proposals.refuseAll("Stopped");
    this.#reads.refuseAll("Stopped");
  }

  /** Cheap: for every answer. */
  get view(): View {
    return this.#view;
  }

  status(): ReplicaStatus {
    return this.#parts.core.status();
  }

  /**
   * The store holds at least what it held before the last restart, so that a local read does not go back.
   * (It held nothing that was not in the log.)
   */
  get isReplayed(): boolean {
    return this.#appliedIndex >= this.#replayIndex;
  }

  /**
   * Resolves when the write is committed and applied here. Rejects with NoLeader, RequestTooLarge or
   * RequestTooManyRequests when it never entered a log and never will; Timeout, LeaderChanged and Stopped
   * promise nothing.
   * A command is handed over once and never again: a second entry of it would be applied twice.
   */
  propose(body: CommandBody): Promise<Result> {
    if (this.#state !== "running") return Promise.reject(new EtcdError("Stopped"));
    if (this.#proposals.waitingCount >= this.#options.maxWaitingProposals) {
      return Promise.reject(new EtcdError("RequestTooManyRequests"));
    }
    const requestId = this.#nextRequestId;
    this.#nextRequestId += 1;
    const command = { origin: this.#options.self, request_id: requestId, ...body };
    const data = gauntletpeer.Command.encode(command).finish();
    if (data.length > this.#options.maxProposalBytes) {
      return Promise.reject(new EtcdError("RequestTooLarge"));
    }
    if (this.#proposals.queuedCount === 0) this.#parts.clock.soon(() => this.#proposeQueued());
    return this.#proposals.add({ requestId, data }, this.#parts.clock.monotonicMs());
  }

  /**
   * Resolves when the store holds every write that was acknowledged before this call, so that a local read
   * is linearizable. Rejects with NoLeader, LeaderChanged, RequestTooManyRequests, Timeout or Stopped.
   */
  readBarrier(): Promise<void> {
    if (this.#state !== "running") return Promise.reject(new EtcdError("Stopped"));
    if (this.#reads.waitingCount >= this.#options.maxWaitingReads) {
      return Promise.reject(new EtcdError("RequestTooManyRequests"));
    }
    if (this.#reads.gatheredCount === 0) this.#parts.clock.soon(() => this.#askGathered());
    return this.#reads.add();
  }

  /** Messages from peers, addressed to this member. */
  receive(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#step({ type: "receive", message });
    }
  }

  #tick(): void {
    if (this.#state !== "running") return;
    this.#parts.observer.ticked();
    this.#step({ type: "tick" });
    const now = this.#parts.clock.monotonicMs();
    this.#proposals.expire(now);
    this.#reads.expire(now);
  }

  #proposeQueued(): void {
    if (this.#state !== "running") return;
    for (const chunk of this.#proposals.takeQueue(this.#view.term, this.#options.maxProposalBatchBytes)) {
      const data = chunk.map((proposal) => proposal.data);
      this.#step({ type: "propose", data }, (reason) =>
        this.#proposals.refuse(chunk, ERROR_OF_REFUSAL[reason]),
      );
    }
  }

  #askGathered(): void {
    if (this.#state !== "running") return;
    const id = this.#reads.ask(this.#parts.clock.monotonicMs());
    this.#step({ type: "read", id });
  }

  #step(event: Event, onRefused?: (reason: RefusalReason) => void): void {
    if (this.#state !== "running") return;
    try {
      const sends: Message[] = [];
      for (const effect of this.#parts.core.step(event, this.#now())) {
        if (effect.type === "send") sends.push(effect.message);
        else if (effect.type === "proposals-refused") onRefused?.(effect.reason);
        else this.#carryOut(effect);
      }
      if (sends.length > 0) this.#parts.network.send(sends);
    } catch (error) {
      this.#fail(`the replica broke an invariant on ${event.type}`, error);
    }
  }

  #carryOut(effect: Exclude<Effect, { type: "send" | "proposals-refused" }>): void {
    switch (effect.type) {
      case "persist":
        this.#forgetReplaced(effect.entries);
        void this.#persist(effect.sequence, effect);
        break;
      case "apply":
        this.#apply(effect.entries);
        break;
      case "read-ready":
        this.#reads.confirm(effect.id, effect.index);
        this.#reads.applied(this.#appliedIndex);
        break;
      case "read-refused":
        this.#reads.refuse(effect.id, ERROR_OF_REFUSAL[effect.reason]);
        break;
      case "role-changed":
        this.#view = effect;
        this.#parts.observer.roleChanged(effect);
        break;
    }
  }

  async #persist(sequence: number, record: LogRecord): Promise<void> {
    try {
      await this.#parts.log.append(record);
    } catch (error) {
      this.#fail("the write-ahead log cannot be written", error);
      return;
    }
    await this.#durable(sequence);
  }

  /** Records that one fsync made durable resolve together: they are one event, and one acknowledgement. */
  async #durable(sequence: number): Promise<void> {
    this.#durableSequence = sequence;
    if (this.#durableStepQueued) return;
    this.#durableStepQueued = true;
    // One turn of the microtask queue, in which the others resolve.
    await Promise.resolve();
    this.#durableStepQueued = false;
    this.#step({ type: "persisted", sequence: this.#durableSequence });
  }

  /** What a leader replaced was not committed: nobody read it before the restart, or ever will. */
  #forgetReplaced([first]: readonly Entry[]): void {
    if (first !== undefined) this.#replayIndex = Math.min(this.#replayIndex, first.index - 1);
  }

  #apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.#appliedIndex + 1) {
        throw new Error(`entry ${entry.index} comes to be applied after entry ${this.#appliedIndex}`);
      }
      if (entry.version !== ENTRY_VERSION) {
        throw new Error(`entry ${entry.index} has format version ${entry.version}, known: ${ENTRY_VERSION}`);
      }
      if (entry.kind === "normal") this.#applyCommand(entry);
      this.#appliedIndex = entry.index;
      if (entry.term > this.#appliedTerm) {
        this.#appliedTerm = entry.term;
        this.#proposals.leaderTookOver(entry.term);
      }
    }
    this.#reads.applied(this.#appliedIndex);
    this.#reportApplied();
  }

  /**
   * In a turn of its own, because the core answers with the next part of a long log: applied all in one
   * turn, it would keep a leader from its heartbeats until it is deposed.
   */
  #reportApplied(): void {
    if (this.#appliedStepQueued) return;
    this.#appliedStepQueued = true;
    this.#parts.clock.soon(() => {
      this.#appliedStepQueued = false;
      this.#step({ type: "applied", index: this.#appliedIndex });
    });
  }

  #applyCommand(entry: Entry): void {
    const { origin, requestId, result } = this.#parts.store.applyCommand(entry.data);
    if (origin !== this.#options.self) return;
    const elapsedMs = this.#proposals.answer(requestId, result, this.#parts.clock.monotonicMs());
    if (elapsedMs !== null) this.#parts.observer.proposalApplied(elapsedMs);
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
