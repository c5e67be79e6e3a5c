import type { Timeline } from "../timeline.js";

/**
 * Puts operations that change nothing, and returned before the place `end`, into a legal order of the others, each into
 * the first gap that comes after all that it must follow and that allows it. Undefined if for one there is none before what it
 * must precede. The first gap is best: it leaves most to those that come after. Gap g comes before order[g], the last
 * after all. Linear, beside what `gapFor` does.
 *
 * `isLoose`: whether an operation is one to be placed. `gapFor`: the first gap from `earliest` on to `latest` that
 * allows it; any other number: none.
 */
export function placeInGaps(
  { events, returnAt }: Timeline,
  end: number,
  order: readonly number[],
  isLoose: (operation: number) => boolean,
  gapFor: (operation: number, earliest: number, latest: number) => number,
): number[] | undefined {
  const latest = latestGaps(events, returnAt.length, end, order);
  /** By operation: the gap after it; of a loose one, the gap it is in. */
  const gaps = new Int32Array(returnAt.length);
  order.forEach((operation, at) => (gaps[operation] = at + 1));
  const placed: number[] = [];
  let earliest = 0;
  for (let place = 0; place < end; place++) {
    const event = events[place] as number;
    const operation = event >> 1;
    if ((event & 1) === 1) {
      earliest = Math.max(earliest, gaps[operation] as number);
      continue;
    }
    const returned = returnAt[operation] as number;
    if (returned === -1 || returned >= end || !isLoose(operation)) continue;
    const last = latest[operation] as number;
    const gap = gapFor(operation, earliest, last);
    if (gap < earliest || gap > last) return undefined;
    gaps[operation] = gap;
    placed.push(operation);
  }
  return merge(order, placed, gaps);
}

/** By operation: the last gap that comes before all that were called after it returned. */
function latestGaps(events: Int32Array, size: number, end: number, order: readonly number[]): Int32Array {
  const positions = new Int32Array(size).fill(-1);
  order.forEach((operation, at) => (positions[operation] = at));
  const latest = new Int32Array(size);
  let gap = order.length;
  for (let place = end - 1; place >= 0; place--) {
    const event = events[place] as number;
    const operation = event >> 1;
    const position = positions[operation] as number;
    if ((event & 1) === 1) latest[operation] = gap;
    else if (position !== -1) gap = Math.min(gap, position);
  }
  return latest;
}

/** `placed` in order of call: of those in one gap none returned before one ahead of it was called. */
function merge(order: readonly number[], placed: readonly number[], gaps: Int32Array): number[] {
  const sorted = placed.toSorted((a, b) => (gaps[a] as number) - (gaps[b] as number));
  const merged: number[] = [];
  let next = 0;
  for (let gap = 0; gap <= order.length; gap++) {
    for (; next < sorted.length && gaps[sorted[next] as number] === gap; next++)
      merged.push(sorted[next] as number);
    if (gap < order.length) merged.push(order[gap] as number);
  }
  return merged;
}
