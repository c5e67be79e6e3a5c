import type { CheckResult } from "@gauntlet/histories";
import type { Facts } from "../run/facts.js";
import { checkFaults, checkHealing, type RequestedFault } from "./faults.js";
import { checkFinalReads, checkRecovery } from "./recovery.js";
import { checkCompletion, checkRig } from "./rig.js";
import { checkServers } from "./servers.js";

/**
 * The checks of what was observed outside the history. What a phase never came to see is not judged
 * here: the rig check or the completion check says why it did not.
 */
export function checkObserved(facts: Facts, requested: readonly RequestedFault[]): readonly CheckResult[] {
  const { faults, heal, recovery, finalReads, servers, errors } = facts;
  const healing = checkHealing(faults, heal);
  const healed = healing.verdict === "valid";
  const rigSound = errors.length === 0 && !servers?.some(({ byOthers }) => byOthers);
  const grounds = { healed, rigSound };
  // Of nodes that were still being started nothing can be expected.
  const startedUp = facts.began || facts.interruptedIn === null;
  return [
    ...(servers === null || !startedUp ? [] : [checkServers(servers, facts.began)]),
    ...(recovery === null ? [] : [checkRecovery(recovery, grounds)]),
    ...(finalReads === null ? [] : [checkFinalReads(finalReads, grounds)]),
    checkFaults(faults, requested),
    ...(heal === null && healed ? [] : [healing]),
    checkRig(errors),
    checkCompletion(facts.finished, facts.interruptedIn),
  ];
}
