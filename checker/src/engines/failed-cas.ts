import type { Timeline } from "../timeline.js";
import { type Clusters, FAILED_CAS, INITIAL, UPDATE } from "./clusters.js";
import { placeInGaps } from "./gaps.js";

/**
 * Puts the cas that failed, and returned before the place `end`, into a legal order of the other operations, where
 * the value is not the one that they did not find; undefined if one has no room there. Linear.
 */
export function placeFailedCas(
  clusters: Clusters,
  timeline: Timeline,
  end: number,
  order: readonly number[],
): number[] | undefined {
  const { kind, cluster } = clusters;
  const { valueIn, ends } = stays(clusters, order);
  return placeInGaps(
    timeline,
    end,
    order,
    (operation) => kind[operation] === FAILED_CAS,
    (operation, earliest) => {
      const absent = cluster[operation] as number;
      return valueIn[earliest] === absent ? (ends[absent] as number) : earliest;
    },
  );
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
