import { at } from "../operation.js";
import { chainOf, type Incomparable } from "./chain.js";
import type { SetElement, SetHistory } from "./set-history.js";

/** A read that shows an element but not one whose add was acknowledged before the other's add began. */
export interface ReorderedAdds {
  readonly missing: SetElement;
  readonly shown: SetElement;
  /** Rank of the read. */
  readonly read: number;
}

export interface SetOrder {
  readonly incomparable: readonly Incomparable[];
  /** Empty where reads are incomparable, for then they have no order to compare the adds with. */
  readonly reordered: readonly ReorderedAdds[];
}

/**
 * What is left of linearizability once no element is lost, stale or read before its add: in a set that only
 * grows, reads must be comparable, and the order in which they first show elements must not
 * contradict the order of the adds. O(size of the recording + n log n).
 *
 * That is all: given it, put the reads in order of inclusion (equal ones by begin) and each element just
 * before the first read that shows it (those before the same read by begin of their adds, those never
 * shown at the end, crashed ones among them nowhere); each pair of operations then respects real time.
 */
export function orderOfSet({ elements, contents }: SetHistory): SetOrder {
  const { order, incomparable } = chainOf(contents, elements.length);
  if (incomparable.length > 0) return { incomparable, reordered: [] };
  const firstShown = elements.map(() => Number.POSITIVE_INFINITY);
  for (const [place, rank] of order.entries()) {
    for (const id of at(contents, rank)) firstShown[id] = Math.min(at(firstShown, id), place);
  }
  const added = [...elements.keys()].filter((id) => at(elements, id).add !== undefined);
  const byBegin = added.toSorted((a, b) => beginOf(at(elements, a)) - beginOf(at(elements, b)));
  const byEnd = added
    .filter((id) => at(elements, id).acknowledged !== undefined)
    .toSorted((a, b) => endOf(at(elements, a)) - endOf(at(elements, b)));
  const reordered: ReorderedAdds[] = [];
  // Of the elements acknowledged before the present one's add began, the one that was shown last.
  let latest: number | undefined;
  let next = 0;
  for (const id of byBegin) {
    for (; next < byEnd.length && endOf(at(elements, at(byEnd, next))) < beginOf(at(elements, id)); next++) {
      const candidate = at(byEnd, next);
      if (latest === undefined || at(firstShown, candidate) > at(firstShown, latest)) latest = candidate;
    }
    if (latest === undefined || at(firstShown, latest) <= at(firstShown, id)) continue;
    const read = at(order, at(firstShown, id));
    reordered.push({ missing: at(elements, latest), shown: at(elements, id), read });
  }
  return { incomparable, reordered };
}

function beginOf({ add }: SetElement): number {
  return add?.begin ?? Number.POSITIVE_INFINITY;
}

function endOf({ acknowledged }: SetElement): number {
  return acknowledged?.end ?? Number.POSITIVE_INFINITY;
}
