import { type DrawOptions, drawScenario } from "../run/draw.js";
import { runScenario } from "../run/run.js";
import type { Engine } from "./workers/job.js";

/** The simulator of this build. */
export const SIMULATOR: Engine = {
  draw: (seed: number, options: DrawOptions) => drawScenario(seed, options),
  run: async (scenario, listener) => {
    const { seed, failure, traceHash, simulatedMs, counts } = await runScenario(scenario, { listener });
    return { seed, failure, traceHash, simulatedMs, counts };
  },
};
