import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAMILY_NAMES } from "../generate/families.js";
import { findFault } from "../faults/catalogue.js";
import { leastWindowMs } from "../faults/fault.js";
import { bench, runAll } from "../testing/bench.js";
import { expand } from "./expand.js";
import { explainSchedule } from "./explain.js";
import { formatSchedule, toScheduleFile } from "./format.js";
import { parseSchedule, readSchedule } from "./parse.js";
import type { PhasedSchedule } from "./phases.js";
import { resolveSchedule } from "./resolve.js";
import { endMs, type ScheduledFault } from "./schedule.js";

const NODES = ["n1", "n2", "n3", "n4", "n5"];

const ranges = fc
  .tuple(fc.integer({ min: 10, max: 60 }), fc.integer({ min: 0, max: 30 }))
  .map(([least, more]) => ({ leastMs: 100 * least, mostMs: 100 * (least + more) }));

const randomPhase = fc.record({
  forMs: fc.integer({ min: 100, max: 600 }).map((tenths) => 100 * tenths),
  content: fc.record({
    type: fc.constant("random" as const),
    weights: fc
      .dictionary(fc.constantFrom(...FAMILY_NAMES), fc.integer({ min: 1, max: 5 }), { minKeys: 1 })
      .map((weights) => ({ ...weights, kill: 1 })),
    atOnce: fc.integer({ min: 1, max: 4 }),
    windowMs: ranges,
    gapMs: ranges,
  }),
});

const listedPhase = fc.record({
  name: fc.constantFrom("calm", "two kills"),
  forMs: fc.constant(20_000),
  content: fc.constant({
    type: "listed" as const,
    faults: [
      { atMs: 1_000, forMs: 5_000, fault: "process.kill", target: "one", args: {} },
      { atMs: 15_000, forMs: 5_000, fault: "process.kill", target: "n2", args: {} },
    ],
  }),
});

const phased: fc.Arbitrary<PhasedSchedule> = fc.record({
  seed: fc.maxSafeNat(),
  phases: fc.array(fc.oneof(randomPhase, listedPhase), { minLength: 1, maxLength: 4 }),
});

const lengthMs = ({ phases }: PhasedSchedule): number => phases.reduce((sum, { forMs }) => sum + forMs, 0);

test("a schedule with phases is read back equal", () => {
  fc.assert(
    fc.property(phased, (schedule) => {
      expect(parseSchedule(formatSchedule(schedule), "s.yaml")).toEqual(schedule);
      expect(parseSchedule(formatSchedule(schedule, "json"), "s.json")).toEqual(schedule);
    }),
  );
});

test("it becomes a plain list that is valid, the same each time; every window lies in its phase and is as long as asked for", () => {
  fc.assert(
    fc.property(phased, (schedule) => {
      const options = { seed: 1, timeLimitMs: lengthMs(schedule), nodes: NODES };
      const { schedule: plain, leftOut, dropped } = resolveSchedule(schedule, options);
      expect([leftOut, dropped]).toEqual([[], []]);
      expect(resolveSchedule(schedule, options).schedule).toEqual(plain);
      expect(readSchedule(toScheduleFile(plain))).toEqual(plain);
      expect(expand(plain, options.timeLimitMs, [...NODES, "n6"]).dropped).toEqual([]);
      let fromMs = 0;
      for (const { forMs, content } of schedule.phases) {
        const toMs = fromMs + forMs;
        const inside = plain.faults.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
        for (const fault of inside) expect(endMs(fault)).toBeLessThanOrEqual(toMs);
        const [families, atOnce, leastMs] =
          content.type === "random"
            ? [Object.keys(content.weights), content.atOnce, content.windowMs.leastMs]
            : [[undefined], 1, 0];
        const open = inside.map(
          ({ atMs }) => inside.filter((other) => other.atMs <= atMs && endMs(other) > atMs).length,
        );
        expect(Math.max(0, ...open)).toBeLessThanOrEqual(atOnce);
        for (const { family } of inside) expect(families).toContain(family);
        // Outages are short, and events no longer than they must be.
        const lasting = inside.filter(
          ({ fault, target }) =>
            findFault(fault)?.isEvent !== true && target !== "all" && target !== "majority",
        );
        for (const fault of lasting) expect(fault.forMs).toBeGreaterThanOrEqual(leastMs);
        fromMs = toMs;
      }
    }),
    { numRuns: 150 },
  );
});

const STORM = `
phases:
  - { name: calm, for: 5s }
  - name: listed
    for: 10s
    faults:
      - { at: 1s, for: 6s, fault: partition.isolate, target: leader, args: { flap: 500ms } }
      - { at: 8s, fault: member.transfer }
  - name: storm
    for: 25s
    random: { weights: { packet: 1, member: 1, disk: 2 }, atOnce: 2, window: [3s, 5s], gap: 1s }
`;
const storm = parseSchedule(STORM, "storm.yaml");
const options = { seed: 5, timeLimitMs: 60_000, nodes: NODES };

describe("what is random", () => {
  test("differs from seed to seed, and from repetition to repetition", () => {
    const drawn = Array.from({ length: 20 }, (_, seed) => resolveSchedule(storm, { ...options, seed }));
    expect(new Set(drawn.map(({ schedule }) => JSON.stringify(schedule.faults))).size).toBe(20);
    const again = { ...(storm as PhasedSchedule), repeat: { everyMs: 45_000 } };
    const { schedule } = resolveSchedule(again, { ...options, timeLimitMs: 90_000 });
    const round = (n: number): unknown =>
      schedule.faults
        .filter(({ atMs, family }) => family !== undefined && Math.floor(atMs / 45_000) === n)
        .map((fault) => ({ ...fault, atMs: fault.atMs - n * 45_000 }));
    expect(round(0)).not.toEqual(round(1));
    expect(schedule.faults.filter(({ fault }) => fault === "partition.isolate")).toMatchObject([
      { atMs: 6_000 },
      { atMs: 51_000 },
    ]);
  });

  test("gives no fault a server that another has stopped or ended, which could prove nothing", () => {
    const text = `
phases:
  - for: 60s
    random: { weights: { kill: 1, pause: 1, clock: 2, disk: 1 }, atOnce: 3, window: [4s, 8s], gap: 1s }
`;
    let together = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { faults } = resolveSchedule(parseSchedule(text, "x.yaml"), { ...options, seed }).schedule;
      for (const [index, fault] of faults.entries()) {
        const kind = findFault(fault.fault);
        if (kind?.proofNeeds === undefined) continue;
        const provedMs = fault.atMs + leastWindowMs(kind, fault.args);
        const holds = (other: ScheduledFault): boolean =>
          findFault(other.fault)?.claims.includes("process") === true;
        const before = faults.slice(0, index).filter((other) => holds(other) && endMs(other) > fault.atMs);
        expect(fault.target === "leader" ? [] : before).toEqual([]);
        for (const after of faults.slice(index + 1).filter(holds)) {
          expect(after.atMs).toBeGreaterThanOrEqual(provedMs);
          if (after.atMs < endMs(fault)) together += 1;
        }
      }
    }
    // A server with a wrong clock dies all the same.
    expect(together).toBeGreaterThan(10);
  });

  test("does without what is missing here, and names the families of which nothing is left", () => {
    const no = { available: false, reason: "not of this system" } as const;
    const capabilities = { "network.shape": no, "network.reset": no, "disk.power-loss": no };
    for (let seed = 0; seed < 30; seed++) {
      const { schedule, leftOut } = resolveSchedule(storm, { ...options, seed, capabilities });
      expect(leftOut).toEqual([
        { name: "packet", reason: "network.shape is not available here: not of this system" },
      ]);
      const names = schedule.faults.map(({ fault }) => fault);
      expect(names.some((name) => name.startsWith("packet."))).toBe(false);
      expect(names).not.toContain("disk.power-loss");
    }
  });

  test("takes effect on machines, every family and fault of it", async () => {
    for (let seed = 0; seed < 6; seed++) {
      const { schedule } = resolveSchedule(storm, { ...options, seed });
      const executed = await runAll(bench(schedule, { spares: 1, seed }));
      const families = new Set(schedule.faults.flatMap(({ family }) => family ?? []));
      for (const name of families) {
        const ofFamily = executed.filter(({ scheduled }) => scheduled.family === name);
        expect(ofFamily.some(({ outcome }) => outcome.type === "proved")).toBe(true);
      }
    }
  });

  test("that does not fit its phase at all is refused", () => {
    const text = "phases: [{ for: 2s, random: { weights: { member: 1 }, window: 1s } }]";
    const short = parseSchedule(text, "s.yaml");
    const few = {
      ...options,
      capabilities: { "member.transfer": { available: false, reason: "no" } },
    } as const;
    expect(() => resolveSchedule(short, { ...few, nodes: ["n1"] })).toThrow(
      "phases[0].random: no fault of member fits its 2s",
    );
  });
});

test("phases that the time limit is too short for are refused, repetitions are cut off and told", () => {
  expect(() => resolveSchedule(storm, { ...options, timeLimitMs: 30_000 })).toThrow(
    "phases: take 40s and do not fit the time limit of 30s",
  );
  const again = { ...(storm as PhasedSchedule), repeat: { everyMs: 40_000 } };
  const { dropped, schedule } = resolveSchedule(again, { ...options, timeLimitMs: 51_000 });
  expect(dropped).toEqual([
    "repetition 1 of phases[1].faults[0], partition.isolate at 46s, does not fit the time limit of 51s",
    "repetition 1 of phases[1].faults[1], member.transfer at 53s, does not fit the time limit of 51s",
  ]);
  expect(schedule.faults.every((fault) => endMs(fault) <= 51_000)).toBe(true);
});

test("only a plain list can be run", () => {
  expect(() => readSchedule({ phases: [{ for: "5s" }] }, null, "test.json")).toThrow(
    "test.json: phases: must be resolved to a plain list of faults first",
  );
});

test("the time line of a schedule with phases", () => {
  const text = STORM.replace("window: [3s, 5s]", "window: 5s").replace(
    "packet: 1, member: 1, disk: 2",
    "pause: 1",
  );
  expect(explainSchedule(parseSchedule(text, "s.yaml"), 40_000, { seed: 2, nodes: ["n1"] })).toBe(
    `40s: 6 faults, at most 1 at once; drawn from seed 2 for 1 node

                                     0s             10s            20s            30s            40s
                                     |--------------|--------------|--------------|--------------|
phase                                |calm   |listed        |storm                               |
partition.isolate leader flap=500ms  ·········█████████··········································|  6s for 6s
member.transfer follower             ····················◆·······································|  13s
process.pause leader                 ·······················████████················███████······|  15.4s for 5s, 31.2s for 5s
process.pause one                    ·······························███████████████··············|  20.7s for 5s, 25.9s for 5s
`,
  );
});

test("the time line of a plain list: what is alike shares a row, what does not fit is told", () => {
  const text = `
seed: 7
faults:
  - { at: 3s, for: 10s, fault: partition.isolate, target: leader, args: { traffic: peer } }
  - { at: 15s, fault: member.transfer, target: n2 }
repeat: { every: 20s }
`;
  expect(explainSchedule(parseSchedule(text, "s.yaml"), 50_000)).toBe(
    `50s, seed 7: 4 faults, at most 1 at once

                                       0s             12.5s          25s            37.5s          50s
                                       |--------------|--------------|--------------|--------------|
partition.isolate leader traffic=peer  ····████████████············████████████····················|  3s for 10s, 23s for 10s
member.transfer n2                     ··················◆·······················◆·················|  15s, 35s

left out: repetition 2 of faults[0], partition.isolate at 43s for 10s, does not fit the time limit of 50s
left out: repetition 2 of faults[1], member.transfer at 55s for 2s, does not fit the time limit of 50s
`,
  );
});
