import type { LiveCheck } from "./workload.js";

/** Several live checks as one: each sees every event; of what they find at one event, the first. */
export function liveAll(checks: readonly LiveCheck[]): LiveCheck {
  return {
    push: (event) => {
      const found = checks.map((check) => check.push(event));
      return found.find((result) => result !== undefined);
    },
  };
}
