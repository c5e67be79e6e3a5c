import { createHash } from "node:crypto";
import type { HistoryEvent } from "@gauntlet/histories";

/**
 * What must be equal for the same scenario on the same code: every event of the world, which the trace's hash
 * stands for, and every word that a client was told, which it does not.
 */
export function runHash(traceHash: string, history: readonly HistoryEvent[]): string {
  const hash = createHash("sha256").update(traceHash).update(JSON.stringify(history));
  return hash.digest("hex").slice(0, 32);
}
