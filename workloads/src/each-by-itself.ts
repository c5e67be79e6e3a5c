import type { CheckResult } from "@gauntlet/histories";

/** A check that throws must not take a violation with it that another one found. `workload`: whose checks these are. */
export function eachByItself(
  workload: string,
  checks: readonly (() => CheckResult | undefined)[],
): readonly CheckResult[] {
  const results: CheckResult[] = [];
  const errors: unknown[] = [];
  for (const check of checks) {
    try {
      results.push(...[check() ?? []].flat());
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 0) return results;
  if (results.every(({ verdict }) => verdict !== "invalid")) throw errors[0];
  const reason = `a check broke: ${errors[0] instanceof Error ? errors[0].message : String(errors[0])}`;
  return [...results, { name: workload, kind: "rig", verdict: "failed", reason }];
}
