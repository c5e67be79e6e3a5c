import { didYouMean } from "../suggest.js";
import { clockBump } from "./clock-bump.js";
import { clockDrift } from "./clock-drift.js";
import { clockRate } from "./clock-rate.js";
import { clockStrobe } from "./clock-strobe.js";
import { diskBitflip } from "./disk-bitflip.js";
import { diskEio } from "./disk-eio.js";
import { diskFull } from "./disk-full.js";
import { diskPowerLoss } from "./disk-power-loss.js";
import { diskSlow } from "./disk-slow.js";
import { diskStall } from "./disk-stall.js";
import { diskTruncate } from "./disk-truncate.js";
import type { Fault } from "./fault.js";
import { memberAdd } from "./member-add.js";
import { memberDemote } from "./member-demote.js";
import { memberPromote } from "./member-promote.js";
import { memberRemove } from "./member-remove.js";
import { memberReplace } from "./member-replace.js";
import { memberTransfer } from "./member-transfer.js";
import { packetDelay } from "./packet-delay.js";
import { packetDuplicate } from "./packet-duplicate.js";
import { packetLoss } from "./packet-loss.js";
import { packetRate } from "./packet-rate.js";
import { packetReorder } from "./packet-reorder.js";
import { packetReset } from "./packet-reset.js";
import { partitionBridge } from "./partition-bridge.js";
import { partitionHalves } from "./partition-halves.js";
import { partitionIsolate } from "./partition-isolate.js";
import { partitionMinorityThird } from "./partition-minority-third.js";
import { partitionRing } from "./partition-ring.js";
import { processCrashLoop } from "./process-crash-loop.js";
import { processKill } from "./process-kill.js";
import { processPause } from "./process-pause.js";
import { processRolling } from "./process-rolling.js";
import { processStop } from "./process-stop.js";

/** Every fault of this version. */
export const FAULTS: readonly Fault[] = [
  partitionIsolate,
  partitionHalves,
  partitionMinorityThird,
  partitionRing,
  partitionBridge,
  packetLoss,
  packetDelay,
  packetReorder,
  packetDuplicate,
  packetRate,
  packetReset,
  processKill,
  processStop,
  processRolling,
  processCrashLoop,
  processPause,
  clockBump,
  clockStrobe,
  clockDrift,
  clockRate,
  diskPowerLoss,
  diskSlow,
  diskStall,
  diskEio,
  diskFull,
  diskBitflip,
  diskTruncate,
  memberAdd,
  memberPromote,
  memberRemove,
  memberReplace,
  memberDemote,
  memberTransfer,
];

/** Named by the schedule format, and not in this version: refused in other words than a typo. */
export const PLANNED_FAULTS: readonly string[] = ["resource.cpu", "resource.memory"];

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
