/** 97.5 % of a normal distribution lies below. */
const Z = 1.959_964;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Where the share of successes lies with 95 % confidence, after `found` of `runs` (Wilson 1927). Null without runs. */
export function shareInterval(found: number, runs: number): Interval | null {
  if (runs === 0) return null;
  const share = found / runs;
  const spread = Z * Math.sqrt((share * (1 - share)) / runs + (Z * Z) / (4 * runs * runs));
  const middle = share + (Z * Z) / (2 * runs);
  const scale = 1 + (Z * Z) / runs;
  return { low: Math.max(0, (middle - spread) / scale), high: Math.min(1, (middle + spread) / scale) };
}

/** The middle one, or the mean of the two; null where there is none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/**
 * Where the median lies with at least 95 % confidence, whatever the distribution: between the r-th smallest and the r-th
 * largest value, for the largest r that says so. Null where even all of them are too few (fewer than six).
 */
export function medianInterval(values: readonly number[]): Interval | null {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  // How likely fewer than r of all values are below the median: a coin's tosses.
  let tail = 0;
  let term = 0.5 ** count;
  let r = 0;
  while (2 * (tail + term) <= 0.05) {
    tail += term;
    term = (term * (count - r)) / (r + 1);
    r += 1;
  }
  const [low, high] = [sorted[r - 1], sorted[count - r]];
  return r === 0 || low === undefined || high === undefined ? null : { low, high };
}
