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

/** Both safety checks of a register, while its history grows. */
export function liveRegister(): LiveCheck {
  const checks: readonly LiveCheck[] = [new RevisionOrder(), new LiveLinearizability()];
  return {
    push: (event) => {
      const found = checks.map((check) => check.push(event));
      return found.find((result) => result !== undefined);
    },
  };
}

class LiveLinearizability implements LiveCheck {
  #found: CheckResult | undefined;
  readonly #checker = new StreamingChecker(casRegister(), {
    onViolation: ({ key, reason }) => {
      this.#found ??= {
        name: "linearizability",
        kind: "safety",
        verdict: "invalid",
        reason: `key ${key} is not linearizable: ${reason}`,
      };
    },
  });

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
