import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Draw } from "@gauntlet/workloads";

/** The largest seed: what fits the generator's 32-bit state without loss. */
export const MAX_SEED = 0x7fff_ffff;

/**
 * A sequence drawn from the run's seed. `stream` keeps the users apart (workload, pacing): what one
 * draws does not shift what another gets.
 */
export function drawFrom(seed: number, stream: number): Draw {
  const generator = xoroshiro128plus((seed ^ Math.imul(stream, 0x9e37_79b9)) | 0);
  return { below: (bound) => uniformInt(generator, 0, bound - 1) };
}
