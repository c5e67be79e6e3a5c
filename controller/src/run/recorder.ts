import type { HistoryEvent, UnstampedEvent } from "@gauntlet/histories";
import type { Answer, Operation, Outcome } from "@gauntlet/workloads";

/** What stamps and keeps events: a HistoryWriter. Throws when it cannot, for a run must not go on unrecorded. */
export interface EventSink {
  record(event: UnstampedEvent): HistoryEvent;
}

export interface Counts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
}

/**
 * Turns operations and outcomes into events. An invocation is recorded before the call is made and a
 * completion after it ended, so the recorded interval contains the real one: a checker sees at
 * most more concurrency than there was, never less.
 */
export class Recorder {
  readonly #sink: EventSink;

  readonly #counts = { ok: 0, fail: 0, info: 0 };

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  get counts(): Counts {
    return this.#counts;
  }

  /** `extra` fields go into the event as they are: `final: true` marks a final read. */
  invoke(
    process: number,
    node: string,
    operation: Operation,
    extra: Readonly<Record<string, unknown>>,
  ): void {
    this.#sink.record({ process, type: "invoke", ...operation, node, ...extra });
  }

  complete(process: number, node: string, operation: Operation, outcome: Outcome<Answer>): void {
    const answer =
      outcome.type === "ok" ? { ...outcome.value, revision: outcome.revision } : { error: outcome.error };
    this.#sink.record({ process, type: outcome.type, ...operation, node, ...answer });
    this.#counts[outcome.type] += 1;
  }

  /** A fault begins or ends. */
  fault(event: UnstampedEvent): void {
    this.#sink.record(event);
  }
}
