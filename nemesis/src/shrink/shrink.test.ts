import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateSwarm } from "../generate/swarm.js";
import { SWARM_FAMILY_NAMES } from "../generate/swarm-families.js";
import type { ScheduleEntry, ScheduleFile } from "../schedule/format.js";
import { readSchedule } from "../schedule/parse.js";
import { ddmin } from "./ddmin.js";
import { shrinkSchedule } from "./shrink.js";

const NODES = ["n1", "n2", "n3", "n4", "n5"];

const swarm = (seed: number): ScheduleFile =>
  generateSwarm({
    seed,
    durationMs: 60_000,
    families: Object.fromEntries(SWARM_FAMILY_NAMES.map((name) => [name, 1])),
    nodes: NODES,
    spares: 1,
    minGapMs: 50,
    maxGapMs: 1_500,
    minWindowMs: 300,
    maxWindowMs: 8_000,
    maxConcurrent: 5,
  });

const entry = (fault: string, target: ScheduleEntry["target"], at: number, rest = {}): ScheduleEntry => ({
  at: `${at}s`,
  for: "5s",
  fault,
  target,
  ...rest,
});

const has = (schedule: ScheduleFile, ...names: string[]): boolean =>
  names.every((name) => schedule.faults.some(({ fault }) => fault === name));

/** Asks a predicate that keeps what it was asked. */
function asking(predicate: (candidate: ScheduleFile) => boolean) {
  const asked: ScheduleFile[] = [];
  const ask = async (candidate: ScheduleFile): Promise<boolean> => {
    asked.push(candidate);
    return predicate(candidate);
  };
  return { asked, ask };
}

describe("shrinkSchedule", () => {
  test("finds two faults that only fail together, wherever they are", async () => {
    let found = 0;
    for (let seed = 0; seed < 20; seed++) {
      const whole = swarm(seed);
      const needle = ["disk.power-loss", "process.pause"];
      if (!has(whole, ...needle)) continue;
      found += 1;
      const { ask } = asking((candidate) => has(candidate, ...needle));
      const { schedule, isMinimal, tries } = await shrinkSchedule(whole, ask, { budget: 2_000 });
      expect(schedule.faults.map(({ fault }) => fault).toSorted()).toEqual(needle);
      expect(schedule.faults.map((fault) => fault.for)).toEqual(["200ms", "200ms"]);
      expect(schedule.faults[0]?.at).toBe("0s");
      expect(isMinimal).toBe(true);
      expect(tries).toBeLessThan(300);
    }
    expect(found).toBeGreaterThan(5);
  });

  test("keeps the times between faults that only fail when they overlap", async () => {
    const overlap = ({ faults }: ScheduleFile): boolean => {
      const [slow, kill] = ["disk.slow", "process.kill"].map((name) =>
        faults.find(({ fault }) => fault === name),
      );
      if (slow === undefined || kill === undefined) return false;
      const [from, length, at] = [slow.at, slow.for, kill.at].map((text) => Number.parseFloat(text));
      return (from as number) <= (at as number) && (at as number) < (from as number) + (length as number);
    };
    const faults = [
      entry("process.pause", "n1", 1),
      entry("disk.slow", "n2", 3, { args: { delay: "100ms" } }),
      entry("partition.halves", "minority", 4),
      entry("process.kill", "n3", 7),
    ];
    const { schedule } = await shrinkSchedule({ seed: 1, faults }, asking(overlap).ask, { budget: 500 });
    expect(schedule.faults.map(({ fault }) => fault)).toEqual(["disk.slow", "process.kill"]);
    expect(overlap(schedule)).toBe(true);
    expect(schedule.faults[0]?.at).toBe("0s");
  });

  test("targets become the nodes that a run resolved, then as few as fail", async () => {
    const executed = { nodes: ["n2", "n4"], outcome: { type: "proved", proof: "" } };
    const faults = [
      entry("process.kill", "minority", 2, { executed }),
      entry("process.pause", "leader", 12, { executed: { nodes: ["n3"] } }),
    ];
    const { ask, asked } = asking(({ faults: all }) =>
      all.some(({ fault, target }) => fault === "process.kill" && [target].flat().includes("n4")),
    );
    const { schedule } = await shrinkSchedule({ seed: 1, faults }, ask, { budget: 100 });
    expect(schedule).toEqual({
      seed: 1,
      faults: [{ at: "0s", for: "200ms", fault: "process.kill", target: "n4" }],
    });
    // Named before any fault is taken away: a place in the list decides what random targets are.
    expect(asked[0]?.faults.map(({ target }) => target)).toEqual([["n2", "n4"], ["n3"]]);
  });

  test("a failure that needs the word of a target keeps it", async () => {
    const faults = [entry("process.pause", "leader", 2, { executed: { nodes: ["n3"] } })];
    const { ask } = asking(({ faults: [first] }) => first?.target === "leader");
    const { schedule } = await shrinkSchedule({ faults }, ask, { budget: 100 });
    expect(schedule.faults).toMatchObject([{ target: "leader", for: "200ms" }]);
  });

  test("arguments and repetitions that do not matter go", async () => {
    const args = { direction: "in", traffic: "peer" };
    const faults = [entry("partition.isolate", "n1", 2, { args })];
    const { ask } = asking(({ faults: [first] }) => first?.args?.["traffic"] === "peer");
    const { schedule } = await shrinkSchedule({ faults, repeat: { every: "20s" } }, ask, { budget: 100 });
    expect(schedule).toEqual({
      faults: [{ at: "0s", for: "1s", fault: "partition.isolate", target: "n1", args: { traffic: "peer" } }],
    });
  });

  test("what fails whatever happens needs no fault, and what never fails again stays as it is", async () => {
    const whole = swarm(3);
    const always = await shrinkSchedule(whole, async () => true, { budget: 100 });
    expect(always.schedule.faults).toEqual([]);
    const never = await shrinkSchedule(whole, async () => false, { budget: 5_000 });
    expect(never).toMatchObject({ schedule: whole, isMinimal: true });
  });

  test("tries no more than the budget, none twice, only valid ones, and always ends at one that fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1_000),
        fc.integer({ min: 0, max: 120 }),
        fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }),
        async (seed, budget, picks) => {
          const whole = swarm(seed);
          const needed = new Set(picks.map((at) => whole.faults[at % whole.faults.length]?.fault ?? ""));
          const { ask, asked } = asking((candidate) => has(candidate, ...needed));
          const { schedule, tries } = await shrinkSchedule(whole, ask, { budget });
          expect(tries).toBe(asked.length);
          expect(tries).toBeLessThanOrEqual(budget);
          expect(new Set(asked.map((each) => JSON.stringify(each))).size).toBe(asked.length);
          for (const each of asked) readSchedule(each);
          expect(has(schedule, ...needed)).toBe(true);
          const again = asking((candidate) => has(candidate, ...needed));
          expect(await shrinkSchedule(whole, again.ask, { budget })).toMatchObject({ schedule, tries });
          expect(again.asked).toEqual(asked);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("phases become the plain list that the run made of them", async () => {
    const phases = [
      { for: "10s", faults: [entry("process.pause", "n1", 1)] },
      { for: "30s", random: { weights: { kill: 1 }, atOnce: 1, window: "3s", gap: "1s" } },
    ];
    const resolve = { seed: 3, timeLimitMs: 60_000, nodes: NODES };
    const { ask, asked } = asking((candidate) => has(candidate, "process.kill"));
    const { schedule } = await shrinkSchedule({ phases }, ask, { budget: 200, resolve });
    expect(schedule.faults).toMatchObject([{ fault: "process.kill", at: "0s" }]);
    for (const each of asked) for (const fault of each.faults) expect(fault).not.toHaveProperty("family");
    await expect(shrinkSchedule({ phases }, ask, { budget: 200 })).rejects.toThrow(
      "phases: shrink the schedule that a run saved",
    );
  });

  test("a schedule that is none is refused", async () => {
    const faults = [entry("process.kil", "n1", 1)];
    await expect(shrinkSchedule({ faults }, async () => true, { budget: 1 })).rejects.toThrow(
      'unknown fault "process.kil"',
    );
  });
});

test("ddmin leaves exactly what is needed where each element counts for itself", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(99), { maxLength: 40 }),
      fc.infiniteStream(fc.boolean()),
      async (list, coins) => {
        const needed = list.filter(() => coins.next().value);
        const left = await ddmin(list, async (rest) => needed.every((each) => rest.includes(each)));
        expect(left).toEqual(needed);
      },
    ),
  );
});
