import type { CheckResult } from "@gauntlet/histories";
import type { Facts } from "../run/facts.js";
import { checkFaults, checkHealing, type RequestedFault } from "./faults.js";
import { checkFinalReads, checkRecovery } from "./recovery.js";
import { checkCompletion, checkRig } from "./rig.js";
import { checkServers } from "./servers.js";
import { MIN_OK_OPERATIONS } from "./stats.js";

/**
 * The checks of what was observed outside the history. What a phase never came to see is not judged
 * here: the rig check or the completion check says why it did not.
 */
export function checkObserved(
  facts: Facts,
  requested: readonly RequestedFault[],
  okOperations: number,
): readonly CheckResult[] {
  const { faults, heal, recovery, finalReads, servers } = facts;
  const healing = checkHealing(faults, heal);
  const wasAlive = okOperations >= MIN_OK_OPERATIONS;
  const grounds = { healed: healing.verdict === "valid", wasAlive };
  return [
    ...(servers === null ? [] : [checkServers(servers, wasAlive)]),
    ...(recovery === null ? [] : [checkRecovery(recovery, grounds)]),
    ...(finalReads === null ? [] : [checkFinalReads(finalReads, grounds)]),
    checkFaults(faults, requested),
    healing,
    checkRig(facts.errors),
    checkCompletion(facts.interruptedIn),
  ];
}
