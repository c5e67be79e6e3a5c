import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Chaos } from "./testing/chaos.js";
import { demandRecovery } from "./testing/recovery.js";
import { schedules } from "./testing/schedules.js";

test("random schedules of faults break no promise, and the cluster recovers from all of them", () => {
  const total: Record<string, number> = {};
  const count = (counts: Readonly<Record<string, number>>) => {
    for (const [name, one] of Object.entries(counts)) total[name] = (total[name] ?? 0) + one;
  };
  fc.assert(
    fc.property(schedules, ([size, seed, schedule]) => {
      const chaos = new Chaos(size, seed);
      const { world } = chaos;
      for (const action of schedule) chaos.take(action);
      count({ schedules: 1, committed: world.oracle.committed.length });
      for (const counts of [world.oracle.counts, world.counts, chaos.counts]) count(counts);
      count({ recovered: demandRecovery(world) ? 1 : 0 });
    }),
    { numRuns: SCHEDULES },
  );
  if (process.env["RAFT_TEST_COUNTS"] !== undefined) console.log(total);
  // A schedule under which nothing happens proves nothing.
  expect(total["committed"]).toBeGreaterThan(2 * SCHEDULES);
  expect(total["recovered"]).toBeGreaterThan(0.95 * SCHEDULES);
  for (const [name, times] of Object.entries(total))
    expect({ name, times }).toSatisfy(() => times > SCHEDULES / 80);
});

const SCHEDULES = Number(process.env["RAFT_TEST_SCHEDULES"] ?? 320);
