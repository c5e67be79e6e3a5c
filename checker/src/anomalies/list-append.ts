import type { Check, CheckReport, HistoryEvent } from "../checks/check.js";
import { type ListAppendHistory, parseListAppend } from "./list-append-history.js";
import { ListAppendWorkload } from "./list-append-workload.js";
import { judge, type TransactionDetails, type TransactionOptions } from "./report.js";

/**
 * Checks transactions that append elements to lists and read whole lists, as Elle does (Kingsbury and Alvaro,
 * "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB 2020). `illegal`: an
 * anomaly that the model forbids, with its evidence. `ok`: none is in what the reads show; a history
 * whose appends were hardly read can hide one. `unknown`: no transaction depends on another one.
 *
 * Time and memory are linear in the history; see `parseListAppend` for what a history must be.
 */
export function listAppend(options: TransactionOptions = {}): Check<TransactionDetails> {
  return {
    name: "list-append",
    run: (history: readonly HistoryEvent[]) => analyzeListAppend(parseListAppend(history), options),
  };
}

/** The same for a history already in columns, so that it can be let go of, or judged by several models. */
export function analyzeListAppend(
  history: ListAppendHistory,
  options: TransactionOptions = {},
): CheckReport<TransactionDetails> {
  return judge(new ListAppendWorkload(history), options);
}
