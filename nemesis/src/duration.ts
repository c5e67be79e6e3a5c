/** Durations as schedules write them: a number and one unit. Whole milliseconds inside. */
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export const DURATION_PATTERN = /^\d+(\.\d+)?(ms|s|m|h)$/;
export const SIGNED_DURATION_PATTERN = /^[+-]?\d+(\.\d+)?(ms|s|m|h)$/;

/** About 24 days: what a Node timer can wait. */
export const MAX_DURATION_MS = 2 ** 31 - 1;

export const DURATION_HELP = "a duration such as 500ms, 10s or 1m";

/** Null when it is not a duration of whole milliseconds within MAX_DURATION_MS. */
export function parseSignedDuration(text: string): number | null {
  if (!SIGNED_DURATION_PATTERN.test(text)) return null;
  const unit = /[a-z]+$/.exec(text)?.[0] ?? "";
  // Rounding away the error of 0.1 * 1000; what is left over is a fraction that somebody wrote.
  const ms = Number((Number(text.slice(0, -unit.length)) * (UNIT_MS[unit] ?? Number.NaN)).toPrecision(15));
  if (!Number.isInteger(ms) || Math.abs(ms) > MAX_DURATION_MS) return null;
  return ms === 0 ? 0 : ms;
}

/** As parseSignedDuration, and without a sign. */
export function parseDuration(text: string): number | null {
  return DURATION_PATTERN.test(text) ? parseSignedDuration(text) : null;
}

/** In seconds from 1 s on, else in ms; parses back to the same number. */
export function formatDuration(ms: number): string {
  return ms === 0 || ms >= 1_000 ? `${ms / 1_000}s` : `${ms}ms`;
}
