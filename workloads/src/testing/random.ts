import type { Draw } from "../workload.js";

/** A small seeded sequence for tests (mulberry32). */
export function drawFrom(seed: number): Draw {
  let state = seed | 0;
  return {
    below: (bound) => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
    },
  };
}
