import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScheduleError } from "../errors.js";
import { findFault, FAULT_NAMES } from "../faults/catalogue.js";
import { type Fault, leastWindowMs } from "../faults/fault.js";
import { expand } from "../schedule/expand.js";
import { readSchedule } from "../schedule/parse.js";
import { endMs, type Schedule } from "../schedule/schedule.js";
import { majoritySize, minoritySize, staticNodes } from "../targets.js";
import { generateSwarm, type SwarmOptions } from "./swarm.js";
import { SWARM_FAMILY_NAMES } from "./swarm-families.js";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index + 1}`);

const EVERYTHING: SwarmOptions = {
  seed: 1,
  durationMs: 60_000,
  families: Object.fromEntries(SWARM_FAMILY_NAMES.map((name) => [name, 1])),
  nodes: names(5),
  spares: 2,
  minGapMs: 50,
  maxGapMs: 1_500,
  minWindowMs: 300,
  maxWindowMs: 8_000,
  maxConcurrent: 5,
};

const options: fc.Arbitrary<SwarmOptions> = fc.record({
  seed: fc.maxSafeNat(),
  durationMs: fc.integer({ min: 0, max: 60_000 }),
  families: fc.dictionary(fc.constantFrom(...SWARM_FAMILY_NAMES), fc.integer({ min: 0, max: 5 })),
  nodes: fc.integer({ min: 1, max: 9 }).map(names),
  spares: fc.integer({ min: 0, max: 2 }),
  minGapMs: fc.nat(300),
  maxGapMs: fc.integer({ min: 300, max: 3_000 }),
  minWindowMs: fc.nat(500),
  maxWindowMs: fc.integer({ min: 500, max: 10_000 }),
  maxConcurrent: fc.integer({ min: 1, max: 8 }),
});

function read(given: SwarmOptions): Schedule {
  const spares = Array.from({ length: given.spares ?? 0 }, (_, n) => `n${given.nodes.length + n + 1}`);
  return readSchedule(generateSwarm(given), [...given.nodes, ...spares]);
}

test("a swarm is a valid schedule that fits whole, with no more windows at once than asked for", () => {
  fc.assert(
    fc.property(options, (given) => {
      const schedule = read(given);
      expect(expand(schedule, given.durationMs).dropped).toEqual([]);
      for (const fault of schedule.faults) {
        const atOnce = schedule.faults.filter(
          (other) => other.atMs <= fault.atMs && endMs(other) > fault.atMs,
        );
        expect(atOnce.length).toBeLessThanOrEqual(given.maxConcurrent);
        const leastMs = leastWindowMs(findFault(fault.fault) as Fault, fault.args);
        expect(fault.forMs).toBeGreaterThanOrEqual(leastMs);
        expect(fault.forMs).toBeLessThanOrEqual(
          fault.fault === "process.rolling" ? 30_000 : Math.max(leastMs, given.maxWindowMs),
        );
      }
    }),
    { numRuns: 150 },
  );
});

test("over a whole run never more nodes are damaged than can be spared", () => {
  fc.assert(
    fc.property(options, ({ nodes, ...rest }) => {
      const { faults } = read({ ...rest, nodes, families: { disk: 1 }, durationMs: 120_000 });
      const damaged = faults.filter(({ fault }) => /bitflip|truncate/.test(fault));
      const harmed = new Set(damaged.flatMap(({ target }) => staticNodes(target) ?? ["unnamed"]));
      expect(harmed.size).toBeLessThanOrEqual(minoritySize(nodes.length));
      expect(majoritySize(nodes.length)).toBeGreaterThan(harmed.size);
    }),
    { numRuns: 100 },
  );
});

test("windows overlap, and families are struck at the same time", () => {
  const { faults } = read(EVERYTHING);
  const together = faults.filter((fault) =>
    faults.some(
      (other) =>
        other.fault.split(".")[0] !== fault.fault.split(".")[0] &&
        other.atMs <= fault.atMs &&
        endMs(other) > fault.atMs,
    ),
  );
  expect(together.length).toBeGreaterThan(faults.length / 2);
});

test("the same options make the same swarm, another seed another one", () => {
  expect(generateSwarm(EVERYTHING)).toEqual(generateSwarm(EVERYTHING));
  const seeds = Array.from({ length: 20 }, (_, seed) =>
    JSON.stringify(generateSwarm({ ...EVERYTHING, seed })),
  );
  expect(new Set(seeds).size).toBe(20);
});

test("every fault of the catalogue comes up", () => {
  const seen = new Set(
    Array.from({ length: 30 }, (_, seed) => read({ ...EVERYTHING, seed }))
      .flatMap(({ faults }) => faults)
      .map(({ fault }) => fault),
  );
  expect([...seen].toSorted()).toEqual(FAULT_NAMES.toSorted());
});

test("weights decide, and what the world is without does not come", () => {
  const count = (prefix: string, faults: Schedule["faults"]): number =>
    faults.filter(({ fault }) => fault.startsWith(prefix)).length;
  const { faults } = read({ ...EVERYTHING, durationMs: 600_000, families: { packet: 8, pause: 1 } });
  expect(count("packet.", faults)).toBeGreaterThan(3 * count("process.pause", faults));
  expect(count("process.pause", faults)).toBeGreaterThan(0);
  expect(faults.length).toBe(count("packet.", faults) + count("process.pause", faults));
  const without = ["disk.bitflip", "disk.eio"];
  const spared = read({ ...EVERYTHING, durationMs: 600_000, families: { disk: 1 }, without });
  expect(spared.faults.length).toBeGreaterThan(50);
  expect(spared.faults.some(({ fault }) => without.includes(fault))).toBe(false);
});

test("no families, and families without a meaning here, make an empty schedule", () => {
  expect(generateSwarm({ ...EVERYTHING, families: {} }).faults).toEqual([]);
  expect(generateSwarm({ ...EVERYTHING, nodes: ["n1"], families: { partition: 1 } }).faults).toEqual([]);
});

describe("refusals", () => {
  test.each([
    [{ minGapMs: 5, maxGapMs: 4 }, "minGapMs, maxGapMs: 5 to 4 is no range"],
    [{ minWindowMs: 0.5 }, "0.5 to 8000 is no range"],
    [{ maxConcurrent: 0 }, "maxConcurrent: 0 is no number"],
    [{ families: { pakcet: 1 } }, 'unknown family "pakcet"; did you mean "packet"?'],
    [{ families: { disk: -1 } }, "-1 is no weight of disk"],
  ] as [Partial<SwarmOptions>, string][])("%j", (part, message) => {
    expect(() => generateSwarm({ ...EVERYTHING, ...part })).toThrow(ScheduleError);
    expect(() => generateSwarm({ ...EVERYTHING, ...part })).toThrow(message);
  });
});
