import type { CallError, Outcome, Transaction, TransactionAnswer } from "../client.js";
import type { Draw } from "../workload.js";
import { isReadOnly, Store } from "./store.js";

/** How a store goes wrong. Each is a kind of bug that systems have had. */
export const BREAKAGES = [
  /** Acknowledged, and gone with the next state. */
  "lost-write",
  /** Answered from a state that was left behind long ago. */
  "stale-read",
  /** Applied again, some calls later. */
  "double-application",
  /** Took effect, and was told as certain not to have. */
  "failure-that-happened",
] as const;
export type Breakage = (typeof BREAKAGES)[number];

/** What a call of the store's is answered with, and whether it took effect twice, or when it should not have. */
export type Serve = (transaction: Transaction) => Outcome<TransactionAnswer>;

/** A store that never goes wrong. */
export function soundStore(): Serve {
  const store = new Store();
  return (transaction) => ok(store, transaction);
}

/**
 * One that goes wrong now and then, in one way. Revisions are those of a sound store, so that they show nothing: what finds
 * it has to see it in the values.
 */
export function brokenStore(breakage: Breakage, draw: Draw, oneIn = 25): Serve {
  const store = new Store();
  let again: { readonly transaction: Transaction; left: number } | null = null;
  return (transaction) => {
    if (again !== null && --again.left < 0) {
      store.apply(again.transaction);
      again = null;
    }
    const strikes = draw.below(oneIn) === 0;
    const reads = isReadOnly(transaction);
    if (!strikes || reads !== (breakage === "stale-read")) return ok(store, transaction);
    if (breakage === "stale-read") {
      const { answer, revision } = store.answerFrom(10 + draw.below(30), transaction);
      return { type: "ok", value: answer, revision };
    }
    const outcome = ok(store, transaction);
    if (!outcome.value.succeeded) return outcome;
    if (breakage === "lost-write") store.undo();
    if (breakage === "double-application") again = { transaction, left: draw.below(20) };
    return breakage === "failure-that-happened" ? { type: "fail", error: REFUSED } : outcome;
  };
}

const REFUSED: CallError = { code: "no-leader", message: "refused" };

function ok(store: Store, transaction: Transaction): Outcome<TransactionAnswer> & { readonly type: "ok" } {
  const { answer, revision } = store.apply(transaction);
  return { type: "ok", value: answer, revision };
}
