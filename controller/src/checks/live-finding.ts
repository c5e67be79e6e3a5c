import type { CheckResult } from "@gauntlet/histories";

/**
 * What the check beside the run saw stays on record where the checks of the whole recording find no violation: they may have run
 * out of time, or broken. That it was settled, and the check of the same name finds nothing, is a failure of the rig.
 */
export function withLiveFinding(
  checks: readonly CheckResult[],
  found: CheckResult | null,
): readonly CheckResult[] {
  if (found === null) return checks;
  if (checks.some(({ kind, verdict }) => kind === "safety" && verdict === "invalid")) return checks;
  const reason = `${found.name}: ${found.reason}`;
  const isContradicted = checks.some(({ name, verdict }) => name === found.name && verdict === "valid");
  if (!isContradicted) return [...checks, { ...found, name: LIVE, reason }];
  const contradiction = `seen while the run went on, but not in its whole recording: ${reason}`;
  return [...checks, { name: LIVE, kind: "rig", verdict: "failed", reason: contradiction }];
}

export const LIVE = "live";
