import { didYouMean } from "../suggest.js";
import { clockBump } from "./clock-bump.js";
import { clockRate } from "./clock-rate.js";
import type { Fault } from "./fault.js";
import { partitionHalves } from "./partition-halves.js";
import { partitionIsolate } from "./partition-isolate.js";
import { processKill } from "./process-kill.js";
import { processPause } from "./process-pause.js";
import { processStop } from "./process-stop.js";

/** Every fault of this version. */
export const FAULTS: readonly Fault[] = [
  partitionIsolate,
  partitionHalves,
  processKill,
  processStop,
  processPause,
  clockBump,
  clockRate,
];

/** Named by the schedule format, and not in this version: refused in other words than a typo. */
export const PLANNED_FAULTS: readonly string[] = [
  "partition.minority-third",
  "partition.ring",
  "partition.bridge",
  "packet.loss",
  "packet.delay",
  "packet.reorder",
  "packet.duplicate",
  "packet.rate",
  "packet.reset",
  "process.rolling",
  "clock.strobe",
  "disk.power-loss",
  "disk.slow",
  "disk.eio",
  "disk.full",
  "disk.bitflip",
  "disk.truncate",
  "member.add",
  "member.remove",
  "member.replace",
  "member.transfer",
  "resource.cpu",
  "resource.memory",
];

export const FAULT_NAMES: readonly string[] = FAULTS.map((fault) => fault.name);

export function findFault(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name);
}

/** What is wrong with a written fault name, or null. */
export function faultNameProblem(written: unknown): string | null {
  const known = FAULT_NAMES.join(", ");
  if (written === undefined) return `is missing; allowed: ${known}`;
  if (typeof written !== "string") return `expected the name of a fault; allowed: ${known}`;
  if (findFault(written) !== undefined) return null;
  if (PLANNED_FAULTS.includes(written))
    return `"${written}" is not available in this version; available: ${known}`;
  const suggestion = didYouMean(written, [...FAULT_NAMES, ...PLANNED_FAULTS]);
  return `unknown fault "${written}"${suggestion}; allowed: ${known}`;
}
