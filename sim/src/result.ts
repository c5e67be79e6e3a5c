/** How a run ended. The first failure ends it. */
export interface SimResult {
  readonly seed: number;
  readonly failure: Failure | null;
  /** Of all events of the world and all answers to clients, hexadecimal: equal for equal scenarios on equal code. */
  readonly traceHash: string;
  readonly simulatedMs: number;
  readonly counts: Counts;
}

export interface Failure {
  /**
   * `invariant`: the observer of the world saw a promise of Raft broken, `name` says which. `stopped`: a server found
   * its own state impossible. `check`: a check of the workload over the clients' history, by its name. `liveness`: no progress in
   * time after the heal. `divergence`: replicas differ at the end. `simulator`: the world itself broke; no verdict.
   */
  readonly kind: "invariant" | "stopped" | "check" | "liveness" | "divergence" | "simulator";
  readonly name: string;
  /** One sentence for people. */
  readonly what: string;
  readonly atMs: number;
}

export interface Counts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  readonly elections: number;
  readonly committed: number;
  readonly messages: number;
  /** That the schedule had, and that took effect. */
  readonly plannedFaults: number;
  readonly faults: number;
  /** Of each fault that took effect, by name, how often. */
  readonly faultsByName: Readonly<Record<string, number>>;
  /** What happened to states and logs on disk, by name, how often: cluster/storage-counts.ts. */
  readonly storage: Readonly<Record<string, number>>;
}
