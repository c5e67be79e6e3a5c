import { readSchedule, SWARM_FAMILY_NAMES } from "@gauntlet/nemesis";
import { describe, expect, test } from "vitest";
import type { Scenario } from "../scenario.js";
import { nodeNames } from "../node-names.js";
import { drawScenario, entriesPerSecond } from "./draw.js";
import { demandOf } from "./healing.js";

const HARM = ["disk.bitflip", "disk.truncate"];
const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);
const drawn = SEEDS.map((seed) => drawScenario(seed));

function familiesOf({ schedule }: Scenario): ReadonlySet<string> {
  return new Set(schedule.faults.map(({ fault }) => fault.split(".")[0] as string));
}

describe("a drawn scenario", () => {
  test("is the same for the same seed", () => {
    for (const seed of SEEDS.slice(0, 20)) expect(drawScenario(seed)).toEqual(drawn[seed]);
  });

  test("has a schedule that can be executed, within its load", () => {
    for (const { schedule, nodes, spareNodes } of drawn) {
      expect(readSchedule(schedule, nodeNames(nodes + spareNodes)).faults.length).toBe(
        schedule.faults.length,
      );
    }
  });

  test("asks only for what a correct cluster can do", () => {
    for (const { nodes, server, upgraded, network, healing } of drawn) {
      expect(demandOf(nodeNames(nodes), healing.lasting, [])).not.toBeNull();
      // A round trip of messages that are all held up, and a heartbeat's interval, are shorter than a timeout.
      const slowestMs = network.maxDelayMs + network.reorderMs;
      const all = [server, upgraded ?? server];
      const intervalMs = Math.max(...all.map(({ heartbeatIntervalMs }) => heartbeatIntervalMs));
      const timeoutMs = Math.min(...all.map(({ electionTimeoutMs }) => electionTimeoutMs));
      expect(2 * slowestMs + intervalMs).toBeLessThan(timeoutMs);
    }
  });

  test("loads no cluster with more writes than its windows let through", () => {
    for (const { server, upgraded, network, disk, load } of drawn) {
      for (const each of [server, upgraded ?? server]) {
        expect(load.rate).toBeLessThanOrEqual(Math.max(2, entriesPerSecond(each, network, disk)));
      }
    }
  });

  test("declares what uncertainty clocks have, with the faults that set them", () => {
    const leased = drawn.filter(({ server }) => server.leaseClockUncertainty !== null);
    expect(leased.length).toBeGreaterThan(50);
    for (const { server, clockDrift, schedule } of leased) {
      const set = schedule.faults.flatMap(({ fault, args }) =>
        fault === "clock.rate" ? [Number(args?.["rate"])] : [],
      );
      const rates = [1, ...set].flatMap((rate) => [rate * (1 - clockDrift), rate * (1 + clockDrift)]);
      const needed = 1 - Math.min(...rates) / Math.max(...rates);
      expect(server.leaseClockUncertainty).toBeGreaterThan(needed);
    }
    expect(leased.some((scenario) => familiesOf(scenario).has("clock"))).toBe(true);
  });

  test("changes nothing by an upgrade on which leases rest", () => {
    const upgrades = drawn.filter(({ upgraded }) => upgraded !== null);
    expect(upgrades.length).toBeGreaterThan(100);
    for (const { server, upgraded } of upgrades) {
      expect(upgraded?.leaseClockUncertainty).toBe(server.leaseClockUncertainty);
      if (server.leaseClockUncertainty === null) continue;
      expect(upgraded?.electionTimeoutMs).toBe(server.electionTimeoutMs);
      expect(upgraded?.heartbeatIntervalMs).toBe(server.heartbeatIntervalMs);
    }
    expect(
      upgrades.some(({ server, upgraded }) => upgraded?.electionTimeoutMs !== server.electionTimeoutMs),
    ).toBe(true);
  });

  test("differs from the next: all sizes, families and lasting faults occur, and their absence", () => {
    const sizes = new Set(drawn.map(({ nodes }) => nodes));
    expect(sizes).toEqual(new Set([1, 2, 3, 4, 5, 7]));
    expect(new Set(drawn.map(({ healing }) => healing.lasting.type)).size).toBe(5);
    for (const family of SWARM_FAMILY_NAMES) {
      const name = { kill: "process", pause: "process" }[family as string] ?? family;
      const struck = drawn.filter((scenario) => familiesOf(scenario).has(name)).length;
      expect(struck).toBeGreaterThan(20);
      expect(struck).toBeLessThan(280);
    }
    expect(drawn.filter(({ schedule }) => schedule.faults.length === 0).length).toBeGreaterThan(10);
  });

  test("strikes with faults that begin together, now and then", () => {
    const beginnings = drawn.map(({ schedule, nodes, spareNodes }) =>
      readSchedule(schedule, nodeNames(nodes + spareNodes)).faults.map(({ atMs }) => atMs),
    );
    const together = beginnings.filter((times) => {
      const close = times.filter((ms, at) => at > 0 && ms - (times[at - 1] as number) < 30);
      return times.length > 4 && close.length > times.length / 4;
    });
    expect(together.length).toBeGreaterThan(20);
    expect(together.length).toBeLessThan(150);
  });

  test("changes members and harms disks in one run, those of machines that join too", () => {
    const both = SEEDS.slice(0, 40).map((seed) =>
      drawScenario(seed, { focus: ["member", "disk"], nodes: 5 }),
    );
    const harmed = both.map(({ schedule, nodes, spareNodes }) => {
      const { faults } = readSchedule(schedule, nodeNames(nodes + spareNodes));
      return faults.flatMap(({ fault, target }) =>
        HARM.includes(fault) && Array.isArray(target) ? (target as string[]) : [],
      );
    });
    const isSpare = (node: string): boolean => !nodeNames(5).includes(node);
    expect(harmed.filter((nodes) => nodes.some((node) => !isSpare(node))).length).toBeGreaterThan(10);
    expect(harmed.filter((nodes) => nodes.some(isSpare)).length).toBeGreaterThan(10);
  });

  test("strikes with the families in focus and no others", () => {
    for (const seed of SEEDS.slice(0, 20)) {
      const scenario = drawScenario(seed, { focus: ["partition", "disk"], nodes: 5 });
      for (const family of familiesOf(scenario)) expect(["partition", "disk"]).toContain(family);
    }
    expect(() => drawScenario(1, { focus: ["partitoin"] })).toThrow(/unknown family "partitoin"/);
  });
});
