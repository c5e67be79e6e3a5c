import { type GraphBuilder, PROCESS, REALTIME, VIA } from "./graph.js";
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

/**
 * Real-time order: T1 before T2 if T1 completed before T2 was invoked, by position in the history. The order
 * relates almost all pairs; its transitive reduction still has an edge for each invocation and each transaction
 * that was last to complete. One auxiliary node for each instant at which an invocation follows a
 * completion says the same in three edges a transaction, whatever the concurrency: completions lead into the
 * next instant, an instant leads to the next one and to the invocations after it.
 */
export function addRealtimeEdges(log: TransactionLog, graph: GraphBuilder): void {
  let completed: number[] = [];
  let instant = -1;
  for (let i = 0; i < log.timeline.length; i++) {
    const event = log.timeline[i] as number;
    const t = event >> 1;
    if ((event & 1) === 1) {
      // Of one whose outcome is unknown, nobody knows that it happened before anything.
      if (log.outcome[t] === COMMITTED) completed.push(t);
      continue;
    }
    if (completed.length > 0) {
      const next = graph.addAuxiliaryNode();
      if (instant >= 0) graph.addEdge(instant, next, VIA);
      for (const earlier of completed) graph.addEdge(earlier, next, REALTIME);
      instant = next;
      completed = [];
    }
    if (instant >= 0) graph.addEdge(instant, t, VIA);
  }
}

/** T1 completed before T2 was invoked. */
export function precedesInRealTime(log: TransactionLog, first: number, second: number): boolean {
  const completed = log.completedAt[first] as number;
  return log.outcome[first] === COMMITTED && completed >= 0 && completed < (log.invokedAt[second] as number);
}
