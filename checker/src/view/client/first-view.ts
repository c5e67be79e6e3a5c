import type { Scene } from "./scene.js";

/**
 * Where to look first: the failure and what led to it (the minimal sub-history, unless it began too long before), the
 * end of what was decided, or everything. Part of the page's script.
 */
export function firstView({ axis, partition }: Scene): { readonly from: number; readonly to: number } {
  const SEEN = 70;
  const ranks = axis.rank(axis.max);
  const end =
    partition.brokeAt !== -1
      ? (axis.end[partition.brokeAt] as number)
      : partition.legalUntil === null
        ? undefined
        : axis.fromTime(partition.legalUntil);
  if (ranks <= SEEN || end === undefined) return { from: axis.min, to: axis.max };
  const middle = axis.rank(end);
  let first = middle - SEEN * 0.75;
  for (const operation of partition.minimal) {
    const rank = axis.rank(axis.start[operation] as number);
    if (middle - rank < SEEN * 3) first = Math.min(first, rank);
  }
  return {
    from: axis.atRank(Math.max(first - 3, 0)),
    to: axis.atRank(Math.min(middle + SEEN * 0.25, ranks)),
  };
}
