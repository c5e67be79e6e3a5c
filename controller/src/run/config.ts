import type { Schedule } from "@gauntlet/nemesis";
import type { Workload } from "@gauntlet/workloads";
import type { RequestedFault } from "../checks/faults.js";
import type { Arrival } from "./pacer.js";

/** One run, fully decided: the same configuration and seed ask for the same things. */
export interface RunConfig {
  /** The folder under the runs directory; the workload's name unless a mutant runs. */
  readonly test: string;
  /** What is tested, by its name in `@gauntlet/docker`. */
  readonly system: string;
  readonly workload: Workload;
  readonly nodes: number;
  readonly concurrency: number;
  readonly ratePerSecond: number;
  readonly arrival: Arrival;
  /** Places for operations: `concurrency` where the load is paced; open arrivals hire up to so many. */
  readonly maxProcesses: number;
  /** Exponent of the Zipf distribution by which keys are chosen; 0: all alike. */
  readonly keySkew: number;
  readonly timeLimitMs: number;
  readonly opTimeoutMs: number;
  readonly seed: number;
  /** As asked for on the command line, also what can never act on the system; empty when a schedule file was given. */
  readonly nemesis: readonly string[];
  readonly schedule: Schedule;
  /** What must have taken effect for the run to count. */
  readonly requested: readonly RequestedFault[];
}

/** How long each phase may take, milliseconds. Generous: a slow machine is no finding. */
export interface Bounds {
  /** From the containers' start to a leader and a write accepted at every node. */
  readonly startMs: number;
  /** The same after the last heal. */
  readonly recoveryMs: number;
  readonly finalReadsMs: number;
  /** Until every member has applied what the newest one has. */
  readonly agreementMs: number;
  readonly checkMs: number;
}

export const BOUNDS: Bounds = {
  startMs: 60_000,
  recoveryMs: 30_000,
  finalReadsMs: 60_000,
  agreementMs: 30_000,
  checkMs: 120_000,
};
