import { serveJobs } from "../cli/workers/serve.js";
import type { Scenario } from "../scenario.js";
import { FAILED, SCENARIO, VALID } from "./sample.js";

/**
 * A simulator for tests of what is around it: what becomes of a seed is told by its last digit. 3 fails, 5 throws, 7
 * never ends, 8 ends the thread, 9 fails slowly; all others are valid.
 */
serveJobs({
  draw: (seed) => ({ ...SCENARIO, seed }),
  run: async (scenario: Scenario) => {
    const { seed } = scenario;
    const digit = seed % 10;
    if (digit === 5) throw new Error("the world came apart");
    if (digit === 7) await new Promise(() => {});
    if (digit === 8) process.exit(9);
    if (digit === 9) await new Promise((resolve) => setTimeout(resolve, 300));
    return { ...(digit === 3 || digit === 9 ? FAILED : VALID), seed };
  },
});
