import { formatDuration } from "../duration.js";
import { isOfCluster, type Resource } from "../effects/claims.js";
import { findFault } from "../faults/catalogue.js";
import { leastWindowMs } from "../faults/fault.js";
import { staticNodes, type Target } from "../targets.js";
import { endMs, MAX_FAULTS, type Schedule, type ScheduledFault } from "./schedule.js";

export type FieldPath = readonly (string | number)[];

export interface Problem {
  readonly path: FieldPath;
  readonly message: string;
}

/**
 * What is wrong with a schedule of the right shape: windows too short to be proved in, faults that fight over the
 * same node, nodes that the cluster does not have. Null when nothing is known to be wrong.
 */
export function checkSchedule(schedule: Schedule, nodes: readonly string[] | null): Problem | null {
  const { faults, repeat } = schedule;
  if (faults.length > MAX_FAULTS) {
    return { path: ["faults"], message: `has ${faults.length} entries; at most ${MAX_FAULTS} are allowed` };
  }
  for (const [index, fault] of faults.entries()) {
    const problem = checkWindow(fault) ?? checkNodes(fault, nodes);
    if (problem !== null) return { path: ["faults", index, ...problem.path], message: problem.message };
  }
  const spanMs = Math.max(0, ...faults.map(endMs));
  if (repeat !== undefined && repeat.everyMs < Math.max(1, spanMs)) {
    const message = `${formatDuration(repeat.everyMs)} is less than the list takes: ${formatDuration(spanMs)}`;
    return { path: ["repeat", "every"], message };
  }
  return checkOverlaps(faults);
}

function checkWindow(fault: ScheduledFault): Problem | null {
  const kind = findFault(fault.fault);
  const leastMs = kind === undefined ? 0 : leastWindowMs(kind, fault.args);
  if (fault.forMs >= leastMs) return null;
  const given = formatDuration(fault.forMs);
  const message = `${given} is too short to prove ${fault.fault}; at least ${formatDuration(leastMs)}`;
  return { path: ["for"], message };
}

function checkNodes(fault: ScheduledFault, nodes: readonly string[] | null): Problem | null {
  const missing =
    nodes === null ? [] : (staticNodes(fault.target) ?? []).filter((name) => !nodes.includes(name));
  if (missing.length === 0) return null;
  const message = `the cluster has no ${missing.join(", ")}; its nodes: ${(nodes ?? []).join(", ")}`;
  return { path: ["target"], message };
}

/** Two windows at once that claim the same resource of a node that both certainly take. */
function checkOverlaps(faults: readonly ScheduledFault[]): Problem | null {
  const byTime = [...faults.entries()].toSorted(([, a], [, b]) => a.atMs - b.atMs);
  let open: [number, ScheduledFault][] = [];
  for (const [index, fault] of byTime) {
    open = open.filter(([, earlier]) => endMs(earlier) > fault.atMs);
    for (const [other, earlier] of open) {
      const resource = sharedClaims(earlier, fault).find(
        (claim) => isOfCluster(claim) || certainlyMeet(earlier.target, fault.target),
      );
      if (resource === undefined) continue;
      const message = `${fault.fault} begins while faults[${other}] (${earlier.fault}) holds the ${resource} of the ${isOfCluster(resource) ? "cluster" : "same node"} until ${formatDuration(endMs(earlier))}`;
      return { path: ["faults", index], message };
    }
    open.push([index, fault]);
  }
  return null;
}

function sharedClaims(a: ScheduledFault, b: ScheduledFault): readonly Resource[] {
  const claims = findFault(a.fault)?.claims ?? [];
  return claims.filter((claim) => findFault(b.fault)?.claims.includes(claim));
}

function certainlyMeet(a: Target, b: Target): boolean {
  // Every target has at least one node, and two majorities always share one.
  if (a === "spare" || b === "spare") return false;
  if (a === "all" || b === "all" || (a === "majority" && b === "majority")) return true;
  const [namesA, namesB] = [staticNodes(a), staticNodes(b)];
  return namesA !== null && namesB !== null && namesA.some((name) => namesB.includes(name));
}

/** `faults[2].args.rate` */
export function formatPath(path: FieldPath): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}
