import type { FaultRecord } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import { checkFaults } from "../checks/faults.js";
import type { RunConfig } from "../run/config.js";
import { SYSTEMS } from "@gauntlet/docker";
import { FAULTS } from "@gauntlet/nemesis";
import { configure, leftOutOf } from "./configure.js";

const SIZE = { workload: "register", nodes: 5, concurrency: 5, rate: 100, opTimeoutMs: 3_000 };

/** Every fault of the schedule as it would be recorded, proved but for those that were skipped. */
function executed({ schedule }: RunConfig, isSkipped: (fault: FaultRecord) => boolean): FaultRecord[] {
  return schedule.faults.map(({ fault, target, args, atMs }, index) => {
    const nodes = ["n1"];
    const base = { index, fault, target, args, nodes, roles: {}, endedAtMs: atMs + 1, healed: true };
    const proved: FaultRecord = { ...base, startedAtMs: atMs, outcome: { type: "proved", proof: "seen" } };
    return isSkipped(proved) ? { ...proved, outcome: { type: "skipped", reason: "nobody led" } } : proved;
  });
}

describe("one fault does not cover for another that never acted", () => {
  const fromFamilies = (names: readonly string[], seed: number): RunConfig =>
    configure({ ...SIZE, seed, timeLimitMs: 120_000, faults: { from: "families", names } });

  test.each([1, 2, 3, 4, 5])("of another family (seed %i)", (seed) => {
    const config = fromFamilies(["leader-isolation", "partition"], seed);
    const { faults } = config.schedule;
    // A partition may be drawn that is the same.
    const isIsolatedLeader = ({ index }: FaultRecord): boolean =>
      faults[index ?? -1]?.family === "leader-isolation";
    expect(
      checkFaults(
        executed(config, () => false),
        config.requested,
      ).verdict,
    ).toBe("valid");
    const withoutLeader = checkFaults(executed(config, isIsolatedLeader), config.requested);
    expect(withoutLeader).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("leader-isolation was asked for"),
    });
    const only = executed(config, (fault) => !isIsolatedLeader(fault));
    expect(checkFaults(only, config.requested)).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("partition was asked for"),
    });
  });

  test("with other arguments", () => {
    const text = `faults:
  - {at: 5s, for: 5s, fault: clock.rate, target: leader, args: {rate: 2}}
  - {at: 15s, for: 5s, fault: clock.rate, target: leader, args: {rate: 0.5}}`;
    const faults = { from: "text", text, name: "rates.yaml" } as const;
    const config = configure({ ...SIZE, seed: 1, timeLimitMs: 60_000, faults });
    const check = checkFaults(
      executed(config, ({ index }) => index === 1),
      config.requested,
    );
    expect(check).toMatchObject({ verdict: "unknown", reason: expect.stringContaining('{"rate":0.5}') });
  });

  test("but the same fault again, later, does", () => {
    const text = "{faults: [{at: 5s, for: 5s, fault: process.kill, target: one}], repeat: {every: 10s}}";
    const faults = { from: "text", text, name: "kills.yaml" } as const;
    const config = configure({ ...SIZE, seed: 1, timeLimitMs: 60_000, faults });
    expect(config.requested).toMatchObject([{ entries: [0, 1, 2, 3, 4, 5] }]);
  });
});

describe("what nothing can do to a system", () => {
  const ask = { ...SIZE, seed: 3, timeLimitMs: 60_000 };
  const families = (...names: string[]): { readonly from: "families"; readonly names: string[] } => ({
    from: "families",
    names,
  });
  const file = (
    ...faults: string[]
  ): { readonly from: "text"; readonly text: string; readonly name: string } => ({
    from: "text",
    name: "s.yaml",
    text: `faults: [${faults.map((fault, n) => `{at: ${5 + 10 * n}s, for: 5s, ${fault}}`).join(", ")}]`,
  });
  const KILL = "fault: process.kill, target: one";
  const RATE = "fault: clock.rate, target: one, args: {rate: 2}";
  const on = (system: string, faults: ReturnType<typeof file> | ReturnType<typeof families>): RunConfig =>
    configure({ ...ask, system, faults });

  test("is left out of a generated schedule and told, and the run is not vacuous for it", () => {
    const config = on("etcd", families("kill", "clock"));
    expect(config).toMatchObject({ system: "etcd", nemesis: ["kill", "clock"] });
    expect(config.schedule.faults.map(({ fault }) => fault)).not.toContainEqual(
      expect.stringMatching(/^clock/),
    );
    const check = checkFaults(
      executed(config, () => false),
      config.requested,
    );
    expect(check).toMatchObject({
      verdict: "valid",
      reason: expect.stringMatching(/skipped, as nothing can do it to this system: clock \(etcd is a Go/),
      details: { leftOut: [{ name: "clock" }] },
    });
  });

  test("is no excuse for what could have acted", () => {
    const config = on("etcd", families("kill", "clock"));
    expect(
      checkFaults(
        executed(config, () => true),
        config.requested,
      ),
    ).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("kill was asked for and never acted"),
    });
  });

  test("is skipped in a schedule file, and is asked for where it can act", () => {
    const skip = ({ fault }: FaultRecord): boolean => fault === "clock.rate";
    const config = on("etcd", file(KILL, RATE));
    expect(checkFaults(executed(config, skip), config.requested)).toMatchObject({
      verdict: "valid",
      reason: expect.stringContaining("clock.rate on one"),
    });
    const ours = on("gauntlet", file(KILL, RATE));
    expect(checkFaults(executed(ours, skip), ours.requested).verdict).toBe("unknown");
  });

  test("is told where a schedule draws its faults itself", () => {
    const text =
      "phases: [{for: 60s, random: {weights: {kill: 1, clock: 1}, window: [4s, 7s], gap: [1s, 3s]}}]";
    const config = on("etcd", { from: "text", name: "s.yaml", text });
    expect(
      checkFaults(
        executed(config, () => false),
        config.requested,
      ),
    ).toMatchObject({ verdict: "valid", details: { leftOut: [{ name: "clock" }] } });
  });

  test("alone is refused: such a run would say nothing", () => {
    expect(() => on("etcd", families("clock"))).toThrow("--nemesis: nothing of it can act on etcd: clock (");
    expect(() => on("etcd", file(RATE))).toThrow(
      "--schedule s.yaml: nothing of it can act on etcd: clock.rate on",
    );
    expect(() => on("zookeeper", families("kill"))).toThrow('--system: there is no system "zookeeper"');
  });

  test("is left out for every system where they are compared", () => {
    const both = leftOutOf({ ...ask, faults: families("kill", "clock", "disk") }, SYSTEMS);
    expect(both).toMatchObject({ faults: families("kill", "disk"), leftOut: [{ name: "clock" }] });
    const [ours, theirs] = SYSTEMS.map(({ name }) =>
      configure({ ...ask, faults: both.faults, system: name, alongside: SYSTEMS }),
    );
    expect(ours?.schedule).toEqual(theirs?.schedule);
    const kinds = new Set(ours?.schedule.faults.map(({ fault }) => fault));
    for (const fault of ["disk.slow", "disk.stall", "disk.eio"]) expect(kinds).not.toContain(fault);
    expect([...kinds].some((fault) => fault.startsWith("disk."))).toBe(true);
    const text = leftOutOf({ ...ask, faults: file(RATE, KILL, RATE) }, SYSTEMS);
    expect(text.leftOut).toMatchObject([{ name: "clock.rate" }]);
    expect(on("gauntlet", text.faults as ReturnType<typeof file>).schedule.faults).toMatchObject([
      { fault: "process.kill", atMs: 15_000 },
    ]);
    expect(() => leftOutOf({ ...ask, faults: families("clock") }, SYSTEMS)).toThrow("--nemesis: nothing");
  });

  test("every capability that a system is said to lack is one that a fault needs", () => {
    const needed = new Set(
      FAULTS.flatMap((fault) => [
        ...fault.needs,
        ...(fault.moreNeeds?.({ area: "tail", upgrade: true }) ?? []),
      ]),
    );
    for (const { lacks } of SYSTEMS)
      for (const capability of Object.keys(lacks)) expect(needed).toContain(capability);
  });
});
