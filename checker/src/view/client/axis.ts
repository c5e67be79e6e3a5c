/** Where operations lie from left to right, and where any time does. */
export interface Axis {
  /** By operation: of its call. */
  readonly start: Float64Array;
  /** Of its return; infinite for one that never returned. */
  readonly end: Float64Array;
  readonly min: number;
  readonly max: number;
  fromTime(time: number): number;
  toTime(x: number): number;
  /** How many calls and returns (at distinct times) lie before. */
  rank(x: number): number;
  /** The place of the n-th distinct time. */
  atRank(rank: number): number;
}

/** Real time, or compressed: the n-th distinct time of a call or return lies at n. Part of the page's script. */
export function createAxis(
  calls: readonly number[],
  durations: readonly number[],
  compressed: boolean,
): Axis {
  const times = distinctTimes();
  const last = times.length - 1;
  const start = Float64Array.from(calls, (time) => place(time));
  const end = Float64Array.from(calls, (time, i) => {
    const duration = durations[i] as number;
    return duration < 0 ? Number.POSITIVE_INFINITY : place(time + duration);
  });
  return {
    start,
    end,
    min: compressed ? 0 : timeAt(0),
    max: compressed ? Math.max(last, 1) : Math.max(timeAt(last), timeAt(0) + 1),
    fromTime: (time) => (compressed ? rankOf(time) : time),
    toTime: (x) => (compressed ? timeAt(x) : x),
    rank: (x) => (compressed ? x : rankOf(x)),
    atRank: (rank) => (compressed ? rank : timeAt(rank)),
  };

  function distinctTimes(): Float64Array {
    const all: number[] = [];
    calls.forEach((time, i) => {
      const duration = durations[i] as number;
      all.push(time);
      if (duration > 0) all.push(time + duration);
    });
    const sorted = Float64Array.from(all).toSorted();
    let kept = 0;
    for (const time of sorted) {
      if (kept === 0 || sorted[kept - 1] !== time) sorted[kept++] = time;
    }
    return kept === 0 ? Float64Array.of(0) : sorted.subarray(0, kept);
  }

  function place(time: number): number {
    return compressed ? below(time) : time;
  }

  /** The number of times that are less. */
  function below(time: number): number {
    let [from, to] = [0, times.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((times[middle] as number) < time) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  function rankOf(time: number): number {
    const next = below(time);
    if (next === 0) return time === times[0] ? 0 : -1;
    if (next > last) return last + 1;
    const [before, after] = [times[next - 1] as number, times[next] as number];
    return next - 1 + (time - before) / (after - before);
  }

  function timeAt(rank: number): number {
    const inside = Math.min(Math.max(rank, 0), last);
    const whole = Math.floor(inside);
    const [before, after] = [times[whole] as number, times[Math.min(whole + 1, last)] as number];
    return before + (after - before) * (inside - whole);
  }
}
