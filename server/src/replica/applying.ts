import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { MAX_UNAPPLIED_ENTRIES } from "../raft/apply-cursor.js";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import { ENTRY_VERSION } from "../raft/entry.js";
import type { ConfigurationEntry, Entry } from "../raft/entry.js";
import type { Event } from "../raft/event.js";
import type { MemberId } from "../raft/message.js";
import type { Calls } from "./calls.js";
import { isMemberOf } from "./membership.js";
import type { ReplicaParts } from "./parts.js";

/** The core hears of fewer with the next tick. It hands out twice as many without a report, so it never waits for it. */
const MAX_UNREPORTED_ENTRIES = MAX_UNAPPLIED_ENTRIES / 2;

type Parts<Result> = Pick<ReplicaParts<Result>, "state" | "clock" | "observer">;

/** The calls that are answered when their entries are applied. */
interface Waiting<Result> {
  readonly writes: Calls<Result>;
  readonly changes: Calls<void>;
}

interface Hooks {
  readonly step: (event: Event) => void;
  /** The state machine holds this entry now. */
  readonly applied: (entry: Entry) => void;
}

/** Hands committed entries to the state machine, answers the calls that waited for them, and tells the core how far it is. */
export class Applying<Result> {
  readonly #parts: Parts<Result>;

  readonly #self: MemberId;

  readonly #waiting: Waiting<Result>;

  readonly #hooks: Hooks;

  #index: number;

  #term: number;

  /** What the core knows of `#index`. */
  #reportedIndex: number;

  #reportQueued = false;

  /** As of the applied index. */
  #configuration: Configuration;

  constructor(
    parts: Parts<Result>,
    options: { readonly self: MemberId; readonly initial: Configuration },
    waiting: Waiting<Result>,
    hooks: Hooks,
  ) {
    const { checkpoint } = parts.state;
    this.#parts = parts;
    this.#self = options.self;
    this.#configuration = checkpoint?.configuration ?? options.initial;
    this.#waiting = waiting;
    this.#hooks = hooks;
    this.#index = checkpoint?.index ?? 0;
    this.#term = checkpoint?.term ?? 0;
    this.#reportedIndex = this.#index;
  }

  /** What the state machine is as of. */
  get mark(): SnapshotMark {
    return { index: this.#index, term: this.#term, configuration: this.#configuration };
  }

  /** Of the last entry that the state machine holds. */
  get index(): number {
    return this.#index;
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.#index + 1) {
        throw new Error(`entry ${entry.index} comes to be applied after entry ${this.#index}`);
      }
      if (entry.version !== ENTRY_VERSION) {
        throw new Error(`entry ${entry.index} has format version ${entry.version}, known: ${ENTRY_VERSION}`);
      }
      this.#applyEntry(entry);
      this.#index = entry.index;
      this.#enterTerm(entry.term);
      this.#hooks.applied(entry);
    }
    if (this.#index - this.#reportedIndex >= MAX_UNREPORTED_ENTRIES) this.#reportSoon();
  }

  /**
   * A snapshot took the place of the state machine, which the core counts as applied by itself. Calls whose entries came with
   * it have no answer: of those of earlier terms it is known now that they will not get one.
   */
  replaced({ index, term, configuration }: SnapshotMark): void {
    this.#index = index;
    this.#reportedIndex = index;
    this.#enterTerm(term);
    this.#enterConfiguration(configuration);
  }

  /** Tells the core, if there is anything new. */
  report(): void {
    if (this.#reportedIndex === this.#index) return;
    this.#reportedIndex = this.#index;
    this.#hooks.step({ type: "applied", index: this.#index });
  }

  /**
   * In a turn of its own, because the core answers with the next part of a long log: applied all in one
   * turn, it would keep a leader from its heartbeats until it is deposed.
   */
  #reportSoon(): void {
    if (this.#reportQueued) return;
    this.#reportQueued = true;
    this.#parts.clock.soon(() => {
      this.#reportQueued = false;
      this.report();
    });
  }

  #enterTerm(term: number): void {
    if (term <= this.#term) return;
    this.#term = term;
    this.#waiting.writes.leaderTookOver(term);
    this.#waiting.changes.leaderTookOver(term);
  }

  #applyEntry(entry: Entry): void {
    switch (entry.kind) {
      case "noop":
        return;
      case "normal":
        return this.#applyCommand(entry);
      case "configuration":
        return this.#applyConfiguration(entry);
      default:
        throw new Error(`an entry is of the unknown kind ${(entry satisfies never as Entry).kind}`);
    }
  }

  #applyCommand(entry: Entry): void {
    const { origin, requestId, result } = this.#parts.state.applyCommand(entry.data);
    if (origin !== this.#self) return;
    const elapsedMs = this.#waiting.writes.answer(requestId, result, this.#parts.clock.monotonicMs());
    if (elapsedMs !== null) this.#parts.observer.proposalApplied(elapsedMs);
  }

  #applyConfiguration({ configuration, data }: ConfigurationEntry): void {
    this.#parts.state.applyConfiguration(configuration, data);
    this.#enterConfiguration(configuration);
    const command = gauntletpeer.Command.decode(data);
    if (toSafeNumber(command.origin) !== this.#self) return;
    const requestId = toSafeNumber(command.request_id);
    const isJoint = configuration.outgoing.length > 0;
    if (isJoint) this.#waiting.changes.outlivesLeaders(requestId);
    else this.#waiting.changes.answer(requestId, undefined, this.#parts.clock.monotonicMs());
  }

  #enterConfiguration(configuration: Configuration): void {
    const wasMember = isMemberOf(this.#configuration, this.#self);
    this.#configuration = configuration;
    this.#parts.observer.configurationApplied(configuration);
    if (wasMember && !isMemberOf(configuration, this.#self)) this.#parts.observer.removed();
  }
}
