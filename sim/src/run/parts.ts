import type { Hosts, Schedule } from "@gauntlet/nemesis";
import type { Workload } from "@gauntlet/workloads";
import type { StateSeen } from "../check/ending.js";
import type { Invariants } from "../check/invariants.js";
import type { Cluster } from "../cluster/cluster.js";
import type { Scenario } from "../scenario.js";
import type { Recorder } from "./recorder.js";

/** What one run is made of: its phases, its judge and its observer share it. */
export interface RunParts {
  readonly scenario: Scenario;
  readonly workload: Workload;
  readonly schedule: Schedule;
  /** The first members. */
  readonly nodes: readonly string[];
  readonly cluster: Cluster;
  readonly hosts: Hosts;
  readonly invariants: Invariants;
  readonly recorder: Recorder;
  /** What states were like that servers wrote and began with: looked at when the log is known. */
  readonly states: StateSeen[];
}
