import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { type StreamEvent, StreamingChecker } from "porcupine-ts";
import type { SequentialObject } from "./sequential-objects.js";
import type { LiveCheck } from "./workload.js";

/**
 * What the search may take over one return. A key that needs more is watched no longer, so that it does not hold up the
 * others: the check at the end decides.
 */
const RETURN_MS = 5_000;

/** Linearizability of each key, while its history grows. */
export class LiveLinearizability<Input, Output> implements LiveCheck {
  #found: CheckResult | undefined;
  readonly #object: SequentialObject<Input, Output>;
  readonly #checker: StreamingChecker<unknown, Input, Output>;

  constructor(object: SequentialObject<Input, Output>, timeoutMs = RETURN_MS) {
    this.#object = object;
    this.#checker = new StreamingChecker(object.model, {
      timeoutMs,
      onViolation: ({ key, reason }) => {
        this.#found ??= {
          name: "linearizability",
          kind: "safety",
          verdict: "invalid",
          reason: `key ${key} is not linearizable: ${reason}`,
        };
      },
    });
  }

  push(event: HistoryEvent): CheckResult | undefined {
    if (event.process === "nemesis") return undefined;
    this.#checker.push(this.#toStream(event, event.process));
    return this.#found;
  }

  #toStream(event: HistoryEvent, process: number): StreamEvent<Input, Output> {
    if (event.type === "invoke")
      return { type: "invoke", process, input: this.#object.input(event), id: event.index };
    if (event.type === "ok") return { type: "ok", process, output: this.#object.output(event) };
    return { type: event.type, process };
  }
}
