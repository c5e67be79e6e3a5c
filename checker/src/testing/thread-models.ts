import { isMainThread } from "node:worker_threads";
import type { Model } from "../model.js";

export interface SpinningOptions {
  /** What each new step takes. */
  readonly stepMs: number;
  /** What a step does in a worker thread. */
  readonly inThread?: "die" | "throw" | "lie";
}

export interface Add {
  readonly key: string;
  readonly add: number;
}

/** Sums, one a key, for tests of threads: slow, says in which thread a state was described, and misbehaves on request. */
export function spinning({ stepMs, inThread }: SpinningOptions): Model<number, Add, number> {
  return {
    name: "spinning",
    init: () => 0,
    step(state, { add }, output) {
      const end = performance.now() + stepMs;
      while (performance.now() < end);
      if (inThread === "die" && !isMainThread) process.exit(3);
      if (inThread === "throw" && !isMainThread) throw new TypeError("the model is broken");
      return output === undefined || output === state + add ? [state + add] : [];
    },
    stateKey: (state) => state,
    key: ({ key }) => key,
    readOnly: () => inThread === "lie" && !isMainThread,
    describeOperation: ({ add }, output) => `add ${add}: ${output}`,
    describeState: (state) => `${state} in ${isMainThread ? "the main thread" : "a worker thread"}`,
  };
}

export const notAModel = { name: "nothing" };
