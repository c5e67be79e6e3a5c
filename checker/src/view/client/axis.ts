/**
 * Where operations lie from left to right. Places of a compressed axis are ranks, of a real one moments of the
 * clock.
 */
export interface Axis {
  /** By operation: of its call. */
  readonly start: Float64Array;
  /** Of its return; infinite for one that never returned. */
  readonly end: Float64Array;
  readonly min: number;
  readonly max: number;
  /** Of any time of the history; beside the axis for one before the first call or after the last return. */
  fromTime(time: number): number;
  /** What the clock shows at a place. */
  clockAt(x: number): number;
  /** How many distinct times of calls and returns lie before a place; a fraction between two. */
  rank(x: number): number;
  atRank(rank: number): number;
}

/**
 * `compressed`: the n-th distinct time of a call or return lies at n. `clock`: what it showed at each distinct time,
 * in their order; null: the times themselves are the clock. Part of the page's script.
 */
export function createAxis(
  calls: readonly number[],
  ends: readonly (number | null)[],
  clock: readonly number[] | null,
  compressed: boolean,
): Axis {
  const times = distinctTimes();
  const last = times.length - 1;
  const moments = clock === null ? times : Float64Array.from(clock);
  const [min, max] = compressed
    ? [0, Math.max(last, 1)]
    : [valueAt(moments, 0), Math.max(valueAt(moments, last), valueAt(moments, 0) + 1)];
  const beside = (max - min) * 0.03 + 1e-9;
  return {
    start: Float64Array.from(calls, (time) => atRank(below(times, time))),
    end: Float64Array.from(ends, (time) =>
      time === null ? Number.POSITIVE_INFINITY : atRank(below(times, time)),
    ),
    min,
    max,
    fromTime(time) {
      if (time < (times[0] as number)) return min - beside;
      return time > (times[last] as number) ? max + beside : atRank(rankIn(times, time));
    },
    clockAt: (x) => (compressed ? valueAt(moments, x) : x),
    rank: (x) => (compressed ? x : rankIn(moments, x)),
    atRank,
  };

  function distinctTimes(): Float64Array {
    const all = [...calls];
    for (const time of ends) {
      if (time !== null) all.push(time);
    }
    const sorted = Float64Array.from(all).toSorted();
    let kept = 0;
    for (const time of sorted) {
      if (kept === 0 || sorted[kept - 1] !== time) sorted[kept++] = time;
    }
    return kept === 0 ? Float64Array.of(0) : sorted.subarray(0, kept);
  }

  function atRank(rank: number): number {
    return compressed ? rank : valueAt(moments, rank);
  }

  /** The number of values that are less. */
  function below(values: Float64Array, value: number): number {
    let [from, to] = [0, values.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((values[middle] as number) < value) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  function rankIn(values: Float64Array, value: number): number {
    const next = below(values, value);
    if (next === 0 || next > last) return Math.min(next, last);
    const [before, after] = [values[next - 1] as number, values[next] as number];
    return next - 1 + (value - before) / (after - before);
  }

  function valueAt(values: Float64Array, rank: number): number {
    const inside = Math.min(Math.max(rank, 0), last);
    const whole = Math.floor(inside);
    const [before, after] = [values[whole] as number, values[Math.min(whole + 1, last)] as number];
    return before + (after - before) * (inside - whole);
  }
}
