import { type CheckResult, type HistoryEvent, toRegisterInput, toRegisterOutput } from "@gauntlet/histories";
import {
  type CasRegisterInput,
  type CasRegisterOutput,
  casRegister,
  type StreamEvent,
  StreamingChecker,
} from "porcupine-ts";
import { RevisionOrder } from "./revisions.js";
import type { LiveCheck } from "./workload.js";

/**
 * What the search may take over one return. A key that needs more is watched no longer, so that it does not hold up the
 * others: the check at the end decides.
 */
const RETURN_MS = 5_000;

/** Both safety checks of a register, while its history grows. */
export function liveRegister(returnMs = RETURN_MS): LiveCheck {
  const checks: readonly LiveCheck[] = [new RevisionOrder(), new LiveLinearizability(returnMs)];
  return {
    push: (event) => {
      const found = checks.map((check) => check.push(event));
      return found.find((result) => result !== undefined);
    },
  };
}

class LiveLinearizability implements LiveCheck {
  #found: CheckResult | undefined;
  readonly #checker: StreamingChecker<unknown, CasRegisterInput, CasRegisterOutput>;

  constructor(timeoutMs: number) {
    this.#checker = new StreamingChecker(casRegister(), {
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
    this.#checker.push(toStream(event, event.process));
    return this.#found;
  }
}

function toStream(event: HistoryEvent, process: number): StreamEvent<CasRegisterInput, CasRegisterOutput> {
  if (event.type === "invoke")
    return { type: "invoke", process, input: toRegisterInput(event), id: event.index };
  if (event.type === "ok") return { type: "ok", process, output: toRegisterOutput(event) };
  return { type: event.type, process };
}
