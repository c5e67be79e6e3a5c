import type { CheckResult } from "@gauntlet/histories";

/** Rig: what broke that belongs to the rig or the machine. Never hides a violation, never passes. */
export function checkRig(errors: readonly string[]): CheckResult {
  return {
    name: "rig",
    kind: "rig",
    verdict: errors.length === 0 ? "valid" : "failed",
    reason: errors.length === 0 ? "the rig did its work" : [...new Set(errors)].join("; "),
  };
}

/** Vacuity: a run that was stopped did not do what it set out to do, so it is never `valid`. */
export function checkCompletion(finished: boolean, interruptedIn: string | null): CheckResult {
  const base = { name: "completion", kind: "vacuity" } as const;
  if (interruptedIn !== null)
    return { ...base, verdict: "unknown", reason: `interrupted in phase ${interruptedIn}` };
  return finished
    ? { ...base, verdict: "valid", reason: "every phase ran to its end" }
    : { ...base, verdict: "unknown", reason: "the run ended before its last phase" };
}
