import { type CheckResult, type HistoryEvent, pairEvents } from "@gauntlet/histories";
import { type AnomalyFinding, listAppend, type TransactionDetails } from "porcupine-ts/anomalies";
import { resultOf, runCheck } from "./evidence.js";

export const STRICT_SERIALIZABILITY = "strict-serializability";

/**
 * No anomaly that strict serializability forbids: what Elle finds, and what porcupine-ts/anomalies adds. `details` of a
 * failure: its TransactionDetails, where transactions go by the index of their completion.
 */
export function checkAppend(history: readonly HistoryEvent[]): CheckResult {
  const report = runCheck(listAppend(), history);
  return resultOf(STRICT_SERIALIZABILITY, report, (details) => invokesOf(history, worst(details)));
}

/** The transactions of the first example of what is worst. */
function worst({ anomalies }: TransactionDetails): readonly number[] {
  const example: AnomalyFinding["examples"][number] | undefined = anomalies.find(({ forbidden }) => forbidden)
    ?.examples[0];
  if (example === undefined) return [];
  return example.transactions.map((transaction) =>
    typeof transaction === "number" ? transaction : transaction.index,
  );
}

/** From the index of a completion, or of an invoke that has none, to that of the invoke. */
function invokesOf(history: readonly HistoryEvent[], named: readonly number[]): readonly number[] {
  const wanted = new Set(named);
  const invokes = new Map<number, number>();
  for (const { invoke, completion } of pairEvents(history)) {
    const name = completion?.index ?? invoke.index;
    if (wanted.has(name)) invokes.set(name, invoke.index);
  }
  return named.map((name) => invokes.get(name) ?? name);
}
