import type { Answer } from "./workload.js";
import type { CallError, Outcome } from "./client.js";

/** Somebody else changed what the operation had read: it did nothing, and that is nobody's fault. */
export const CONFLICT: CallError = {
  code: "conflict",
  message: "what was read had changed before it could be written",
};

/** The operation makes no sense on what it read (an account without money), so nothing was written. */
export function notPossible(message: string): { readonly type: "fail"; readonly error: CallError } {
  return { type: "fail", error: { code: NOT_POSSIBLE, message } };
}

const NOT_POSSIBLE = "not-possible";
const CONTENTION: ReadonlySet<string> = new Set([CONFLICT.code, NOT_POSSIBLE]);

/** Whether the system refused the operation. One that lost a race was answered, and calls for no rest. */
export function wasRefused(outcome: Outcome<Answer>): boolean {
  return outcome.type === "fail" && !CONTENTION.has(outcome.error.code);
}
