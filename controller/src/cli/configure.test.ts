import type { FaultRecord } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import { checkFaults } from "../checks/faults.js";
import type { RunConfig } from "../run/config.js";
import { configure } from "./configure.js";

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
  const isIsolatedLeader = ({ fault, target, args }: FaultRecord): boolean =>
    fault === "partition.isolate" &&
    target === "leader" &&
    args?.["direction"] === "both" &&
    args["traffic"] === "peer";

  test.each([1, 2, 3, 4, 5])("of another family (seed %i)", (seed) => {
    const config = fromFamilies(["leader-isolation", "partition"], seed);
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
