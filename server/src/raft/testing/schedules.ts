import * as fc from "fast-check";
import type { ConfigurationChange } from "../configuration.js";
import { POOL } from "./chaos.js";
import type { Action } from "./chaos.js";

const member = fc.integer({ min: 1, max: POOL });
const wish: fc.Arbitrary<ConfigurationChange> = fc.oneof(
  fc.record({ type: fc.constant("add-voter" as const), member }),
  fc.record({ type: fc.constant("add-learner" as const), member, promote: fc.boolean() }),
  fc.record({ type: fc.constant("remove" as const), member }),
);
const run: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("run" as const),
  steps: fc.integer({ min: 1, max: 400 }),
  lossPercent: fc.constantFrom(0, 0, 2, 20),
  doublePercent: fc.constantFrom(0, 3, 3, 15),
  order: fc.constantFrom("mostly" as const, "mostly" as const, "none" as const),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: run },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("crash" as const),
      member,
      kept: fc.integer({ min: 0, max: 2 }),
      torn: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "restart" as const,
        "stick-disk" as const,
        "stick-leaders-disk" as const,
        "stop-clock" as const,
        "isolate-leader" as const,
        "campaign" as const,
      ),
      member,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("lose" as const),
      member,
      kept: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 3 }),
      back: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("transfer" as const), to: member }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      by: member,
      wishes: fc.uniqueArray(wish, { minLength: 1, maxLength: 4, selector: (one) => one.member }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("partition" as const), side: fc.subarray([1, 2, 3, 4, 5, 6]) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), from: member, to: member }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("heal" as const, "revive" as const) }) },
);

/** How many voters there are at the beginning, the seed of all other chance, and what happens. */
export const schedules: fc.Arbitrary<readonly [size: number, seed: number, schedule: readonly Action[]]> =
  fc.tuple(
    fc.constantFrom(1, 2, 3, 3, 4, 5, 5),
    fc.integer({ min: 0, max: 2 ** 31 }),
    fc.array(action, { minLength: 10, maxLength: 60, size: "max" }),
  );
