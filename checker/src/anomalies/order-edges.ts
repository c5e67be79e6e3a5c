import { type GraphBuilder, PROCESS } from "./graph.js";
import { COMMITTED, type TransactionLog } from "./transactions.js";

/**
 * Edges from each committed transaction to the next one of its process. After an indeterminate transaction
 * nothing follows from it: it may still happen.
 */
export function addProcessEdges(log: TransactionLog, graph: GraphBuilder): void {
  const last = new Int32Array(log.processes.length).fill(-1);
  // Transactions are numbered by their first event, and those of a process do not overlap.
  for (let t = 0; t < log.count; t++) {
    if (log.outcome[t] !== COMMITTED) continue;
    const process = log.process[t] as number;
    const previous = last[process] as number;
    if (previous >= 0) graph.addEdge(previous, t, PROCESS);
    last[process] = t;
  }
}

/** The first completed before the second was invoked, by position in the history. */
export function precedesInRealTime(log: TransactionLog, first: number, second: number): boolean {
  const completed = log.completedAt[first] as number;
  return log.outcome[first] === COMMITTED && completed >= 0 && completed < (log.invokedAt[second] as number);
}
