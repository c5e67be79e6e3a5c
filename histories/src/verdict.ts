/** What a run or a check came to, worst first: a violation is never masked by anything. */
export const VERDICTS = ["invalid", "failed", "unknown", "valid"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The verdict of the whole: invalid, then failed, then unknown, then valid. Of nothing: unknown. */
export function mergeVerdicts(verdicts: readonly Verdict[]): Verdict {
  return VERDICTS.find((verdict) => verdicts.includes(verdict)) ?? "unknown";
}

/** Exit codes of `gauntlet` and `porcupine`. */
export const EXIT_CODES = {
  valid: 0,
  invalid: 1,
  unknown: 2,
  failed: 3,
  usage: 64,
  data: 65,
} as const;
