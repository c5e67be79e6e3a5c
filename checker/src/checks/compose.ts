import { type Check, type CheckReport, type HistoryEvent, merge } from "./check.js";

export interface ComposeDetails {
  /** In the order of the checks. */
  readonly parts: readonly CheckReport[];
}

/**
 * Several checks of one history as one check; the verdict is the merge of theirs (of no check: unknown), the reason
 * that of the parts with this verdict. An input error of one is an error of the whole.
 */
export function compose(checks: readonly Check[], name = "all"): Check<ComposeDetails> {
  return {
    name,
    run(history: readonly HistoryEvent[]): CheckReport<ComposeDetails> {
      const parts = checks.map((check) => check.run(history));
      const verdict = merge(parts);
      const decisive = parts.filter((part) => part.verdict === verdict);
      const reasons = decisive.map((part) => `${part.name}: ${part.reason}`);
      const reason = reasons.length === 0 ? "no check was asked for" : reasons.join("; ");
      return { name, verdict, reason, details: { parts } };
    },
  };
}
