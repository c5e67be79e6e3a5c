import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import type { Facts } from "../run/facts.js";
import { checkAgreement } from "./agreement.js";
import { checkFaults, checkHealing, findUnhealed, type RequestedFault } from "./faults.js";
import { acknowledgedWrites, servedOperations } from "./operations.js";
import { checkProgress } from "./progress.js";
import { checkFinalReads, checkRecovery, type Grounds } from "./recovery.js";
import { checkResources } from "./resources.js";
import { checkCompletion, checkRig } from "./rig.js";
import { checkServers } from "./servers.js";

/** What the run was asked for. */
export interface Asked {
  readonly requested: readonly RequestedFault[];
  readonly nodes: number;
  readonly mainEndMs: number;
  /** The longest that an operation may take. */
  readonly operationMs: number;
}

/**
 * The checks of what was observed outside the history, or beside it. What a phase never came to see is not judged
 * here: the rig check or the completion check says why it did not.
 */
export function checkObserved(
  facts: Facts,
  history: readonly HistoryEvent[],
  asked: Asked,
): readonly CheckResult[] {
  const { faults, heal, recovery, finalReads, hashes, servers, errors, samples, disturbances } = facts;
  const grounds = groundsOf(facts);
  const healing = checkHealing(faults, heal);
  // Of nodes that were still being started nothing can be expected.
  const startedUp = facts.began || facts.interruptedIn === null;
  const nodes = Array.from({ length: asked.nodes }, (_, index) => `n${index + 1}`);
  const progress = { ...asked, nodes, disturbances, samples };
  const writes = acknowledgedWrites(servedOperations(history)).length;
  return [
    ...(servers === null || !startedUp ? [] : [checkServers(servers, facts.began)]),
    ...(hashes === null ? [] : [checkAgreement(hashes)]),
    ...(history.length === 0 ? [] : [checkProgress(history, progress, grounds)]),
    ...(recovery === null ? [] : [checkRecovery(recovery, grounds)]),
    ...(finalReads === null ? [] : [checkFinalReads(finalReads, grounds)]),
    ...(samples.length === 0 ? [] : [checkResources(samples, writes)]),
    checkFaults(faults, asked.requested),
    ...(heal === null && grounds.healed ? [] : [healing]),
    checkRig(errors),
    checkCompletion(facts.finished, facts.interruptedIn),
  ];
}

/** What findings about service rest on. */
export function groundsOf({ faults, heal, errors, servers }: Facts): Grounds {
  const healed = findUnhealed(faults, heal).length === 0;
  return { healed, rigSound: errors.length === 0 && !servers?.some(({ byOthers }) => byOthers) };
}
