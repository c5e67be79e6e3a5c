import type { Draw } from "./workload.js";

const RESOLUTION = 2 ** 30;

/**
 * Draws from 0 … size-1, the k-th with a weight of 1 / (k + 1) ** exponent (Zipf); with exponent 0 all alike.
 */
export function zipf(size: number, exponent: number, draw: Draw): () => number {
  if (exponent === 0) return () => draw.below(size);
  const weights = Array.from({ length: size }, (_, rank) => 1 / (rank + 1) ** exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const ends = weights.map((weight) => (sum += weight) / total);
  return () => {
    const at = draw.below(RESOLUTION) / RESOLUTION;
    const found = ends.findIndex((end) => at < end);
    return found === -1 ? size - 1 : found;
  };
}
