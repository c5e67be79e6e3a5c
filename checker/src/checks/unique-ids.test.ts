import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../generator.js";
import { events, simulate } from "./testing/histories.js";
import { uniqueIds } from "./unique-ids.js";

const generate = (process: number, id: unknown) =>
  [
    [process, "invoke", "generate"],
    [process, "ok", "generate", id],
  ] as const;

test("an id given out twice is named with both operations", () => {
  const history = events(...generate(0, 10), ...generate(1, 9), ...generate(2, 10), [
    "nemesis",
    "info",
    "kill",
  ]);
  const { verdict, reason, details } = uniqueIds().run(history);
  expect(verdict).toBe("illegal");
  expect(reason).toBe(
    "1 id was given out more than once: 10 by generate (operation 0, process 0) and generate (operation 4, process 2)",
  );
  expect(details).toEqual({
    attempted: 3,
    acknowledged: 3,
    duplicates: {
      count: 1,
      first: [
        {
          id: 10,
          operations: {
            count: 2,
            first: [
              { index: 0, completion: 1, process: 0, f: "generate" },
              { index: 4, completion: 5, process: 2, f: "generate" },
            ],
          },
        },
      ],
    },
    min: 9,
    max: 10,
  });
});

test('1 and "1" are different, structures equal by content, strings have extremes too', () => {
  expect(uniqueIds().run(events(...generate(0, 1), ...generate(0, "1")))).toMatchObject({
    verdict: "ok",
    details: { min: null, max: null },
  });
  expect(uniqueIds().run(events(...generate(0, [1, "a"]), ...generate(0, [1, "a"]))).verdict).toBe("illegal");
  expect(uniqueIds().run(events(...generate(0, "b"), ...generate(0, "a"))).details).toMatchObject({
    min: "a",
    max: "b",
  });
});

test("completions alone are enough; nothing acknowledged is nothing known", () => {
  expect(uniqueIds().run(events([0, "ok", "generate", 1], [0, "ok", "generate", 1])).verdict).toBe("illegal");
  expect(uniqueIds().run([]).verdict).toBe("unknown");
  expect(uniqueIds().run(events([0, "invoke", "generate"], [0, "info", "generate", 1])).verdict).toBe(
    "unknown",
  );
});

test.each<[string, unknown]>([
  ["a value is missing", null],
  ["9007199254740992 is too large to be told from its neighbours", 2 ** 53],
  ["nested more than 32 deep", JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`)],
])("no verdict: %s", (problem, id) => {
  const history = events(...generate(0, 1), ...generate(0, id));
  expect(() => uniqueIds().run(history)).toThrowError(
    expect.objectContaining({ name: "InputError", index: 3 }),
  );
  expect(() => uniqueIds().run(history)).toThrowError(problem);
});

test("different ids are never blamed, one given out again always is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const random = new Random(seed);
      let last = 0;
      const history = simulate(random, {
        steps: 100,
        clients: 4,
        crashRate: 0.05,
        failRate: 0.05,
        next: () => ({ f: "generate", value: null }),
        apply: () => (last += 1 + random.below(3)),
      });
      expect(uniqueIds().run(history).verdict).toBe("ok");
      const acknowledged = history.filter(({ type }) => type === "ok");
      const [from, to] = [random.pick(acknowledged), random.pick(acknowledged)];
      if (from === to) return;
      const spoiled = history.map((event) => (event === to ? { ...event, value: from.value } : event));
      const { verdict, details } = uniqueIds().run(spoiled);
      expect(verdict).toBe("illegal");
      expect(details.duplicates).toMatchObject({
        count: 1,
        first: [{ id: from.value, operations: { count: 2 } }],
      });
    }),
    { numRuns: 200, seed: 1 },
  );
});
