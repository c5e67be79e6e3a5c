import type { DirectFindings } from "./anomaly.js";
import type { GraphBuilder } from "./graph.js";
import type { TransactionLog } from "./transactions.js";

/** Why one transaction must come before another. */
export interface Evidence {
  readonly key: string;
  /** In full, naming both transactions. */
  readonly text: string;
  /** In a few words, for a picture. */
  readonly label: string;
}

/**
 * What a kind of transactions must say of itself: its direct anomalies and its data dependencies. Orders
 * of processes and of real time, cycles, models and reports are the same for all kinds.
 */
export interface Workload {
  readonly name: string;
  readonly log: TransactionLog;
  findDirectAnomalies(findings: DirectFindings): void;
  /** About so many edges will be added. */
  readonly expectedDependencies: number;
  /** Adds ww, wr and rw edges, at most linearly many. All must be certain: a wrong edge is a wrong verdict. */
  addDependencies(graph: GraphBuilder): void;
  /** Of an edge of `kind` (WW, WR or RW) that `addDependencies` added, be it through auxiliary nodes. */
  evidence(from: number, to: number, kind: number): Evidence;
  transactionName(transaction: number): string;
  /** The micro-operations. */
  describe(transaction: number): readonly string[];
}
