import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { type StreamEvent, StreamingChecker } from "porcupine-ts";
import type { SequentialObject } from "./sequential-objects.js";
import type { LiveCheck } from "./workload.js";

/**
 * What the search may take over one return. A key that needs more is watched no longer, so that it does not hold up the
 * others: the check at the end decides.
 */
const RETURN_MS = 5_000;

/** Events without one of a key, after which it is forgotten. Its final reads are judged at the end alone. */
const FORGET_AFTER = 20_000;

/** A key that is watched. */
interface Watched<Input, Output> {
  readonly checker: StreamingChecker<unknown, Input, Output>;
  open: number;
  /** Number of the latest event. */
  latest: number;
}

/** Linearizability of each key, while its history grows. Keys that nobody uses any more cost nothing but their names. */
export class LiveLinearizability<Input, Output> implements LiveCheck {
  #found: CheckResult | undefined;
  #events = 0;
  readonly #object: SequentialObject<Input, Output>;
  readonly #timeoutMs: number;
  readonly #keys = new Map<string, Watched<Input, Output>>();
  readonly #forgotten = new Set<string>();

  constructor(object: SequentialObject<Input, Output>, timeoutMs = RETURN_MS) {
    this.#object = object;
    this.#timeoutMs = timeoutMs;
  }

  push(event: HistoryEvent): CheckResult | undefined {
    const { process, key = "", type } = event;
    if (process === "nemesis" || this.#forgotten.has(key)) return undefined;
    const watched = this.#keys.get(key) ?? this.#watch(key);
    watched.checker.push(this.#toStream(event, process));
    watched.open += type === "invoke" ? 1 : -1;
    watched.latest = ++this.#events;
    if (this.#events % FORGET_AFTER === 0) this.#forget();
    return this.#found;
  }

  #watch(key: string): Watched<Input, Output> {
    const checker = new StreamingChecker(this.#object.model, {
      timeoutMs: this.#timeoutMs,
      onViolation: ({ reason }) => {
        this.#found ??= {
          name: "linearizability",
          kind: "safety",
          verdict: "invalid",
          reason: `key ${key} is not linearizable: ${reason}`,
        };
      },
    });
    const watched = { checker, open: 0, latest: 0 };
    this.#keys.set(key, watched);
    return watched;
  }

  #forget(): void {
    for (const [key, { open, latest }] of this.#keys) {
      if (open > 0 || latest > this.#events - FORGET_AFTER) continue;
      this.#keys.delete(key);
      this.#forgotten.add(key);
    }
  }

  #toStream(event: HistoryEvent, process: number): StreamEvent<Input, Output> {
    if (event.type === "invoke")
      return { type: "invoke", process, input: this.#object.input(event), id: event.index };
    if (event.type === "ok") return { type: "ok", process, output: this.#object.output(event) };
    return { type: event.type, process };
  }
}
