/**
 * Where to draw the linearization point of each operation of an order: between its call and its return, and
 * none before that of an earlier one. Operations that may take effect from the same moment on share the room up to the
 * next such moment. `limit`: none lies after it, unless it was called after it. Linear time. Part of the page's script.
 */
export function createPoints(
  order: readonly number[],
  start: Float64Array,
  end: Float64Array,
  limit: number,
): Float64Array {
  const points = new Float64Array(order.length);
  const latest = latestPoints();
  let from = Number.NEGATIVE_INFINITY;
  for (let first = 0; first < order.length; ) {
    from = Math.max(from, startOf(first));
    let next = first + 1;
    while (next < order.length && startOf(next) <= from) next++;
    const nextFrom = next < order.length ? startOf(next) : Math.max(limit, from);
    const to = Math.max(from, Math.min(latest[first] as number, nextFrom));
    for (let i = first; i < next; i++) {
      points[i] = from + ((to - from) * (i - first + 1)) / (next - first + 1);
    }
    first = next;
  }
  return points;

  function startOf(step: number): number {
    return start[order[step] as number] as number;
  }

  /** By step: the earliest return of it and all later ones. */
  function latestPoints(): Float64Array {
    const result = new Float64Array(order.length);
    let earliest = limit;
    for (let step = order.length - 1; step >= 0; step--) {
      earliest = Math.min(earliest, end[order[step] as number] as number);
      result[step] = earliest;
    }
    return result;
  }
}
