import { randomInt } from "node:crypto";
import type { Random } from "../ports.js";

/** The machine's randomness. `bound` is at most 2^48 - 1. */
export const nodeRandom: Random = {
  below: (bound) => randomInt(bound),
};
