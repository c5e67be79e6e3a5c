import type { CheckResult, FaultRecord } from "@gauntlet/histories";
import type { HealReport } from "@gauntlet/nemesis";

/** One thing that the run was asked to do to the nodes. */
export interface RequestedFault {
  readonly name: string;
  /** The faults of the expanded schedule that count for it, by their index. */
  readonly entries: readonly number[];
  /** Why it can never act on the system that is tested. */
  readonly never?: string;
}

/**
 * Vacuity: a fault that acted without proof of effect, or a request of which nothing was proved,
 * makes a clean verdict worthless. What can never act on the system is named, and no problem beside what did act.
 * Details: the sentences, one a problem; what was left out.
 */
export function checkFaults(
  faults: readonly FaultRecord[],
  requested: readonly RequestedFault[],
): CheckResult {
  const problems = [
    ...faults.flatMap((record) =>
      record.outcome.type === "unproved"
        ? [`${describeFault(record)} acted, but nothing showed an effect: ${record.outcome.reason}`]
        : [],
    ),
    ...requested.flatMap(({ name, entries, never }) =>
      never === undefined
        ? missing(
            name,
            faults.filter(({ index }, position) => entries.includes(index ?? position)),
          )
        : [],
    ),
  ];
  const leftOut = requested.flatMap(({ name, never }) =>
    never === undefined ? [] : [{ name, reason: never }],
  );
  const proved = faults.filter((record) => record.outcome.type === "proved").length;
  const skipped = faults.filter((record) => record.outcome.type === "skipped");
  const left =
    leftOut.length === 0 ? "" : `; skipped, as nothing can do it to this system: ${grouped(leftOut)}`;
  const base = { name: "faults", kind: "vacuity" } as const;
  if (leftOut.length > 0 && leftOut.length === requested.length && proved === 0) {
    problems.push("nothing that was asked for can act on this system");
  }
  if (problems.length > 0) {
    const reason = `vacuous: ${problems.join("; ")}${left}`;
    return { ...base, verdict: "unknown", reason, details: { problems, leftOut } };
  }
  if (requested.length === 0 && faults.length === 0) {
    return { ...base, verdict: "valid", reason: "no faults were asked for" };
  }
  const told = skipped.map((record) => ({
    name: describeFault(record),
    reason: causeOf(outcomeText(record)),
  }));
  const skips = told.length === 0 ? "" : `; ${told.length} skipped: ${grouped(told)}`;
  return {
    ...base,
    verdict: "valid",
    reason: `${proved} ${proved === 1 ? "fault" : "faults"} took effect, each with proof${skips}${left}`,
    ...(leftOut.length > 0 && { details: { leftOut } }),
  };
}

/** Each reason once, and each name once under it: `clock.bump on one, clock.rate on one 3 times (why)`. */
function grouped(told: readonly { readonly name: string; readonly reason: string }[]): string {
  const reasons = new Map<string, Map<string, number>>();
  for (const { name, reason } of told) {
    const names = reasons.get(reason) ?? new Map<string, number>();
    names.set(name, (names.get(name) ?? 0) + 1);
    reasons.set(reason, names);
  }
  const times = ([name, count]: readonly [string, number]): string =>
    count === 1 ? name : `${name} ${count} times`;
  return [...reasons].map(([reason, names]) => `${[...names].map(times).join(", ")} (${reason})`).join(", ");
}

/** Why, without which other fault and which node it was: the fault's own record says that. */
function causeOf(reason: string): string {
  return reason.replaceAll(/faults\[\d+\]/g, "another fault").replaceAll(/ of n\d+/g, " of a node");
}

/** What was not seen to be undone, of the faults and of the machines at the end. */
export function findUnhealed(faults: readonly FaultRecord[], heal: HealReport | null): readonly string[] {
  return [
    ...faults.filter((record) => record.healed === false).map(describeFault),
    ...(heal?.nodes ?? [])
      .filter((node) => !node.healed)
      .map(({ node, detail }) => `${node} at the end (${detail})`),
  ];
}

/**
 * Rig: an undo that was not seen to work leaves everything after it unjudged. Members that could not be made the first
 * ones again are no excuse for a cluster that stalls: it may be why they could not.
 */
export function checkHealing(faults: readonly FaultRecord[], heal: HealReport | null): CheckResult {
  const members = heal?.members?.healed === false ? [`the members at the end (${heal.members.detail})`] : [];
  const unhealed = [...findUnhealed(faults, heal), ...members];
  const base = { name: "healing", kind: "rig" } as const;
  if (unhealed.length > 0)
    return { ...base, verdict: "failed", reason: `not seen to be undone: ${unhealed.join(", ")}` };
  const silent = heal?.silent ?? [];
  // Whether that is a finding is for the liveness checks: the machines are whole.
  const mute = silent.length === 0 ? "" : `; after it ${silent.join(", ")} did not answer`;
  return { ...base, verdict: "valid", reason: `every fault was undone and seen to be so${mute}` };
}

/** `process.kill on n2, n3 at 12.4 s`. */
export function describeFault(record: FaultRecord): string {
  const target = record.nodes.length > 0 ? record.nodes.join(", ") : [record.target].flat().join(", ");
  const at = record.startedAtMs === null ? "" : ` at ${(record.startedAtMs / 1000).toFixed(1)} s`;
  return `${record.fault} on ${target}${at}`;
}

export function outcomeText({ outcome }: FaultRecord): string {
  return outcome.type === "proved" ? outcome.proof : outcome.reason;
}

function missing(name: string, covering: readonly FaultRecord[]): readonly string[] {
  if (covering.some((record) => record.outcome.type === "proved")) return [];
  // Faults that acted without proof are named one by one already.
  if (covering.some((record) => record.outcome.type === "unproved")) return [];
  const reasons = [...new Set(covering.map(outcomeText).map(causeOf))];
  const why = reasons.length === 0 ? "none was in the schedule that ran" : `skipped: ${reasons.join("; ")}`;
  return [`${name} was asked for and never acted (${why})`];
}
