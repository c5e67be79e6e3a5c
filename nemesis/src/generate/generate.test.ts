import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScheduleError } from "../errors.js";
import { expand } from "../schedule/expand.js";
import { formatSchedule } from "../schedule/format.js";
import { parseSchedule } from "../schedule/parse.js";
import { endMs, type Schedule } from "../schedule/schedule.js";
import { findFault } from "../faults/catalogue.js";
import { type Fault, leastWindowMs } from "../faults/fault.js";
import { Random } from "../random.js";
import { applicableFamilies } from "./applicable.js";
import { checkFamilies, FAMILIES, FAMILY_NAMES, type FamilyName, findFamily } from "./families.js";
import { generateSchedule } from "./generate.js";

const nodeNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index + 1}`);

const families = fc.uniqueArray(fc.constantFrom(...FAMILY_NAMES), { minLength: 1 });
const nodes = fc.integer({ min: 2, max: 9 }).map(nodeNames);

/** First fault at 2 s, then each family's least window and its recovery, 2 s for most. */
function leastMs(names: readonly FamilyName[]): number {
  return names.reduce((sum, name) => {
    const { minWindowMs, minRecoveryMs = 2_000 } = findFamily(name);
    return sum + minWindowMs + minRecoveryMs;
  }, 2_000);
}

/** The family to which a generated fault belongs, by its name and target. */
function isOf(family: string, fault: Schedule["faults"][number], nodes: number): boolean {
  const found = FAMILIES.find((each) => each.name === family);
  return (found?.variants(nodes) ?? []).some(
    (each) => each.fault === fault.fault && each.target === fault.target,
  );
}

test("a generated schedule fits whole, has every family, one fault at a time, and is valid", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), families, nodes, fc.nat(90_000), (seed, names, cluster, spareMs) => {
      const given = { seed, families: names, nodes: cluster, timeLimitMs: leastMs(names) + spareMs };
      const schedule = generateSchedule(given);
      expect(expand(schedule, given.timeLimitMs, given.nodes)).toEqual({ schedule, dropped: [] });
      expect(parseSchedule(formatSchedule(schedule), "s.yaml", given.nodes)).toEqual(schedule);
      for (const family of given.families) {
        expect(schedule.faults.some((fault) => isOf(family, fault, given.nodes.length))).toBe(true);
      }
      expect(schedule.faults[0]?.atMs).toBeGreaterThanOrEqual(2_000);
      expect(schedule.faults[0]?.atMs).toBeLessThanOrEqual(3_000);
      for (const [index, fault] of schedule.faults.entries()) {
        const next = schedule.faults[index + 1]?.atMs ?? given.timeLimitMs;
        expect(next - endMs(fault)).toBeGreaterThanOrEqual(2_000);
        expect(fault.forMs).toBeLessThanOrEqual(8_000);
        expect(fault.atMs % 100).toBe(0);
        expect(fault.forMs % 100).toBe(0);
      }
    }),
  );
});

test("a time limit under the least is refused, and the message says the least", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      families,
      nodes,
      fc.integer({ min: 1, max: 10_000 }),
      (seed, names, cluster, lackMs) => {
        const given = { seed, families: names, nodes: cluster, timeLimitMs: leastMs(names) - lackMs };
        expect(() => generateSchedule(given)).toThrow(`the least is ${leastMs(names) / 1_000}s`);
      },
    ),
  );
});

test("leader isolation lasts long enough for a new leader, whatever the time limit", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 9_000, max: 120_000 }), (seed, timeLimitMs) => {
      const schedule = generateSchedule({
        seed,
        families: ["leader-isolation"],
        timeLimitMs,
        nodes: nodeNames(3),
      });
      for (const fault of schedule.faults) {
        expect(fault.forMs).toBeGreaterThanOrEqual(5_000);
        expect(fault).toMatchObject({
          fault: "partition.isolate",
          target: "leader",
          args: { direction: "both", traffic: "peer" },
        });
      }
    }),
  );
});

test("the same options make the same schedule, another seed another one", () => {
  const families = ["leader-isolation", "kill", "pause", "clock"];
  const make = (seed: number): Schedule =>
    generateSchedule({ seed, families, timeLimitMs: 60_000, nodes: nodeNames(5) });
  expect(make(7)).toEqual(make(7));
  expect(new Set(Array.from({ length: 20 }, (_, seed) => JSON.stringify(make(seed).faults))).size).toBe(20);
});

test("two families fit 20 s, four fit a minute with windows of full length", () => {
  for (let seed = 0; seed < 50; seed++) {
    for (const families of [
      ["leader-isolation", "kill"],
      ["partition", "pause"],
      ["clock", "leader-isolation"],
    ]) {
      const short = generateSchedule({ seed, families, timeLimitMs: 20_000, nodes: nodeNames(3) });
      expect(short.faults.length).toBeGreaterThanOrEqual(2);
    }
    const families = ["leader-isolation", "kill", "pause", "clock"];
    const { faults } = generateSchedule({ seed, families, timeLimitMs: 60_000, nodes: nodeNames(5) });
    expect(faults.length).toBeGreaterThanOrEqual(5);
    for (const { fault, target, forMs } of faults.slice(0, 4)) {
      // Nothing is served while a majority is dead: those windows are short, and the cluster has time after them.
      const isOutage = fault === "process.kill" && (target === "majority" || target === "all");
      expect(forMs).toBeGreaterThanOrEqual(isOutage ? 3_000 : 5_000);
      expect(forMs).toBeLessThanOrEqual(isOutage ? 3_000 : 8_000);
    }
  }
});

test("every variant of a family has its turn", () => {
  for (const family of FAMILIES) {
    const { faults } = generateSchedule({
      seed: 3,
      families: [family.name],
      timeLimitMs: 300_000,
      nodes: nodeNames(5),
    });
    for (const variant of family.variants(5)) {
      expect(faults.some((fault) => fault.fault === variant.fault && fault.target === variant.target)).toBe(
        true,
      );
    }
  }
});

test("the least window of a family is enough for whatever it draws", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 9 }), fc.nat(2), (seed, nodes, spares) => {
      for (const family of FAMILIES) {
        for (const variant of family.variants(nodes, spares)) {
          const kind = findFault(variant.fault) as Fault;
          const leastMs = leastWindowMs(kind, variant.args(new Random(seed)));
          expect(leastMs).toBeLessThanOrEqual(Math.min(family.minWindowMs, variant.maxWindowMs ?? Infinity));
        }
      }
    }),
  );
});

describe("what is known to be missing", () => {
  const no = { available: false, reason: "a static binary" } as const;
  const missing = {
    "clock.wall": no,
    "clock.rate": no,
    "clock.drift": no,
    "network.shape": no,
    "disk.power-loss": no,
    "disk.damage": no,
    "disk.truncate": no,
  };
  const given = { timeLimitMs: 200_000, nodes: nodeNames(5), capabilities: missing };

  test("is not drawn, whatever the seed, and every other variant still has its turn", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { faults } = generateSchedule({ ...given, seed, families: FAMILY_NAMES });
      const names = new Set(faults.map(({ fault }) => fault));
      for (const name of names) {
        const { needs } = findFault(name) as Fault;
        expect(needs.filter((need) => need in missing)).toEqual([]);
      }
      expect(names).toContain("packet.reset");
      expect(new Set(faults.map(({ family }) => family))).toEqual(
        new Set(FAMILY_NAMES.filter((name) => name !== "clock")),
      );
    }
  });

  test("leaves a family out of which nothing can apply, and says why", () => {
    const world = { nodes: 5, capabilities: missing };
    const { families, leftOut } = applicableFamilies(["clock", "disk", "packet"], world);
    expect(families.map(({ family }) => family.name)).toEqual(["disk", "packet"]);
    expect(leftOut).toEqual([{ name: "clock", reason: "clock.wall is not available here: a static binary" }]);
    expect(generateSchedule({ ...given, seed: 1, families: ["clock"] }).faults).toEqual([]);
  });

  test("spare machines, too", () => {
    const { faults } = generateSchedule({ ...given, seed: 1, spares: 0, families: ["member"] });
    const names = new Set(faults.map(({ fault }) => fault));
    expect(names).toEqual(new Set(["member.transfer", "member.remove"]));
    expect(applicableFamilies(["member"], { nodes: 1, spares: 0 }).leftOut).toEqual([
      { name: "member", reason: "needs more nodes than 1, or a spare machine" },
    ]);
  });
});

test("no families make an empty schedule", () => {
  expect(generateSchedule({ seed: 1, families: [], timeLimitMs: 1_000, nodes: nodeNames(5) }).faults).toEqual(
    [],
  );
});

describe("refusals", () => {
  test("too short a time says the least", () => {
    const families = ["leader-isolation", "kill", "pause", "clock"];
    expect(() => generateSchedule({ seed: 1, families, timeLimitMs: 20_000, nodes: nodeNames(5) })).toThrow(
      "a time limit of 20s is too short for one window each of leader-isolation, kill, pause, clock; the least is 26s",
    );
  });

  test("a family that means nothing on one node", () => {
    expect(() =>
      generateSchedule({ seed: 1, families: ["leader-isolation"], timeLimitMs: 60_000, nodes: ["n1"] }),
    ).toThrow('nemesis "leader-isolation" needs more nodes than 1');
  });

  test.each([
    [
      "kil",
      'unknown nemesis "kil"; did you mean "kill"?; known: leader-isolation, partition, packet, kill, pause',
    ],
    ["banana", 'unknown nemesis "banana"; known: leader-isolation, partition, packet, kill, pause'],
    ["", 'unknown nemesis ""; known: '],
    ["resource", 'nemesis "resource" is not available in this version; available: leader-isolation, '],
  ])("family %j", (name, message) => {
    expect(() => checkFamilies(["kill", name])).toThrow(message);
    expect(() => checkFamilies(["kill", name])).toThrow(ScheduleError);
  });

  test("known families come once each", () => {
    expect(checkFamilies(["clock", "kill", "clock"])).toEqual(["kill", "clock"]);
  });
});
