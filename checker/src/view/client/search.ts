/**
 * Part of the page's script: the first index from `from` up to `to` at which a monotone condition holds; `to` if
 * none.
 */
export function firstIndex(from: number, to: number, holds: (index: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
