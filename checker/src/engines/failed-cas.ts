import { type Clusters, FAILED_CAS, INITIAL, NONE, UPDATE } from "./clusters.js";
import type { Timeline } from "../timeline.js";

/**
 * Puts the cas that failed, and returned before the place `end`, into a legal order of the other operations, each into
 * the first gap that comes after all that it must follow and where the value is not the one that it did not find. Undefined if
 * for one there is none before what it must precede. The first gap is best: it leaves most to those that come after. Linear.
 */
export function placeFailedCas(
  clusters: Clusters,
  timeline: Timeline,
  end: number,
  order: readonly number[],
): number[] | undefined {
  const { kind, cluster } = clusters;
  const { events, returnAt } = timeline;
  const latest = latestGaps(clusters, timeline, end, order);
  /** By operation: the gap after it; of a cas that failed, the gap it is in. Gap g comes before order[g]. */
  const gaps = new Int32Array(kind.length).fill(NONE);
  order.forEach((operation, at) => (gaps[operation] = at + 1));
  const { valueIn, ends } = stays(clusters, order);
  const placed: number[] = [];
  let earliest = 0;
  for (let place = 0; place < end; place++) {
    const event = events[place] as number;
    const operation = event >> 1;
    if ((event & 1) === 1) {
      earliest = Math.max(earliest, gaps[operation] as number);
    } else if (kind[operation] === FAILED_CAS && (returnAt[operation] as number) < end) {
      const absent = cluster[operation] as number;
      const gap = valueIn[earliest] === absent ? (ends[absent] as number) : earliest;
      if (gap > (latest[operation] as number)) return undefined;
      gaps[operation] = gap;
      placed.push(operation);
    }
  }
  return merge(order, placed, gaps);
}

/** By operation: the last gap that comes before all that were called after it returned. */
function latestGaps(
  { kind }: Clusters,
  { events }: Timeline,
  end: number,
  order: readonly number[],
): Int32Array {
  const positions = new Int32Array(kind.length).fill(NONE);
  order.forEach((operation, at) => (positions[operation] = at));
  const latest = new Int32Array(kind.length);
  let gap = order.length;
  for (let place = end - 1; place >= 0; place--) {
    const event = events[place] as number;
    const operation = event >> 1;
    if ((event & 1) === 1) latest[operation] = gap;
    else if (positions[operation] !== NONE) gap = Math.min(gap, positions[operation] as number);
  }
  return latest;
}

/** By gap: the cluster whose value is there; by cluster: the first gap after that value, beyond all if it is the last. */
function stays(
  { kind, cluster, count }: Clusters,
  order: readonly number[],
): { valueIn: Int32Array; ends: Int32Array } {
  const valueIn = new Int32Array(order.length + 1);
  const ends = new Int32Array(count).fill(order.length + 1);
  let value = INITIAL;
  order.forEach((operation, at) => {
    if (kind[operation] === UPDATE) {
      ends[value] = at + 1;
      value = cluster[operation] as number;
    }
    valueIn[at + 1] = value;
  });
  return { valueIn, ends };
}

/** `placed` in order of call: so one in a gap precedes none before it. */
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
