import type { Draw } from "../workload.js";

/** Fine enough that the last of a million keys has its share, and below what a draw of 32 bits gives. */
const RESOLUTION = 2 ** 30;

/**
 * Draws from 0 … count-1: i with a share of 1 / (i + 1)^exponent, as Zipf's law has it. Exponent 0: all alike. About 1 is what
 * caches and key-value stores see; YCSB has 0.99.
 */
export function zipf(count: number, exponent: number): (draw: Draw) => number {
  if (exponent === 0) return (draw) => draw.below(count);
  const bounds: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) bounds.push((sum += rank ** -exponent));
  return (draw) => {
    const at = ((draw.below(RESOLUTION) + 0.5) / RESOLUTION) * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] ?? sum) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
