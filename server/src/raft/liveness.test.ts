import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Chaos, POOL } from "./testing/chaos.js";
import { demandProgress, LASTING_FAULTS } from "./testing/lasting-fault.js";
import { schedules } from "./testing/schedules.js";

test("after whatever happened, one member that does not get well holds up none of the others", () => {
  const demanded = new Map<string, number>();
  fc.assert(
    fc.property(
      schedules,
      fc.integer({ min: 1, max: POOL }),
      fc.constantFrom(...LASTING_FAULTS),
      ([size, seed, schedule], member, fault) => {
        // Without CheckQuorum a leader that hears nobody goes on for ever.
        const chaos = new Chaos(size, seed, { checkQuorum: true });
        for (const action of schedule) chaos.take(action);
        if (demandProgress(chaos.world, member, fault)) demanded.set(fault, (demanded.get(fault) ?? 0) + 1);
      },
    ),
    { numRuns: SCHEDULES },
  );
  if (process.env["RAFT_TEST_COUNTS"] !== undefined) console.log(demanded);
  for (const fault of LASTING_FAULTS)
    expect({ fault, times: demanded.get(fault) }).toSatisfy(({ times }) => times > SCHEDULES / 40);
});

const SCHEDULES = Number(process.env["RAFT_TEST_SCHEDULES"] ?? 160);
