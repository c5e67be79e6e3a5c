import type { FaultRecord, NodeSample } from "@gauntlet/histories";
import type { Capability, HealReport, ProbeResult, ScheduleFile } from "@gauntlet/nemesis";
import type { FinalReads, Recovery } from "../checks/recovery.js";
import type { ServerFinding } from "../checks/servers.js";
import type { SavedData, StateHashes } from "./cluster.js";
import type { Disturbance } from "./disturbances.js";

/** What `interruptedIn` says besides the phase where a check beside the run ended it. */
export const VIOLATION_SEEN = "a violation was seen";

/** What the runner saw that is not in the history, filled in while the run goes on. */
export interface Facts {
  versions: Readonly<Record<string, string>>;
  capabilities: Readonly<Record<Capability, ProbeResult>> | null;
  faults: readonly FaultRecord[];
  /** What was executed, in the form that a replay takes; null when the main phase never began. */
  executedSchedule: ScheduleFile | null;
  /** Of the last heal. */
  heal: HealReport | null;
  recovery: Recovery | null;
  finalReads: FinalReads | null;
  /** What the nodes held when all was over; null: not asked. */
  hashes: StateHashes | null;
  /** What was done to the machines in the main phase. */
  disturbances: readonly Disturbance[];
  /** All that nodes.jsonl has. */
  readonly samples: NodeSample[];
  savedData: readonly SavedData[];
  /** What agents and servers logged; null where the cluster leaves no logs. */
  servers: readonly ServerFinding[] | null;
  /** What broke in the rig, one sentence each. */
  readonly errors: string[];
  /** The cluster took a write at every node, and the load began. */
  began: boolean;
  /** Every phase ran to its end. */
  finished: boolean;
  /** The phase in which the run was stopped. */
  interruptedIn: string | null;
}

export function noFacts(): Facts {
  return {
    versions: {},
    capabilities: null,
    faults: [],
    executedSchedule: null,
    heal: null,
    recovery: null,
    finalReads: null,
    hashes: null,
    disturbances: [],
    samples: [],
    savedData: [],
    servers: null,
    errors: [],
    began: false,
    finished: false,
    interruptedIn: null,
  };
}
