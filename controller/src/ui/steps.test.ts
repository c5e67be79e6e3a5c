import type { NodeSample } from "@gauntlet/histories";
import { applyChange, type RunView } from "@gauntlet/ui";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Latencies } from "./latencies.js";
import { Steps } from "./steps.js";

function sample(node: string, seconds: number, more: Partial<NodeSample> = {}): NodeSample {
  const nothing = {
    role: null,
    term: null,
    commitIndex: null,
    appliedIndex: null,
    wallOffsetMs: null,
    timerRate: null,
  };
  return { node, time: seconds * 1e9, ...nothing, rssBytes: null, openFiles: null, diskBytes: null, ...more };
}

describe("Latencies", () => {
  test("percentiles are within 2 % of the exact ones, and merging is as if all had been added to one", () => {
    const latency = fc.double({ min: 0.001, max: 100_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 200 }),
        fc.array(latency, { maxLength: 200 }),
        (a, b) => {
          const [one, other, both] = [new Latencies(), new Latencies(), new Latencies()];
          for (const ms of a) one.add(ms);
          for (const ms of b) other.add(ms);
          for (const ms of [...a, ...b]) both.add(ms);
          one.merge(other);
          const sorted = [...a, ...b].toSorted((x, y) => x - y);
          for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
            const exact = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
            expect(one.percentile(share)).toBe(both.percentile(share));
            expect(Math.abs((both.percentile(share) ?? 0) - exact)).toBeLessThanOrEqual(
              exact * 0.021 + 0.0006,
            );
          }
          expect(one.max).toBe(sorted.at(-1));
        },
      ),
    );
  });

  test("none has no percentile", () => {
    expect(new Latencies().percentile(0.5)).toBeNull();
  });
});

describe("Steps", () => {
  test("counts stand in the second in which an operation ended", () => {
    const steps = new Steps();
    steps.count("ok", 500, 10);
    steps.count("ok", 2_400, 20);
    steps.count("fail", 2_500, 1);
    steps.count("info", 2_600, 1);
    expect(steps.load()).toMatchObject({
      stepMs: 1_000,
      ok: [1, 0, 1],
      fail: [0, 0, 1],
      info: [0, 0, 1],
      max: [10, null, 20],
    });
  });

  test("a run of days takes no more steps than a short one, and loses no operation", () => {
    const steps = new Steps();
    for (let second = 0; second < 200_000; second += 10) {
      steps.count("ok", second * 1_000, 5);
      steps.sample(
        sample("n1", second, {
          role: second < 100_000 ? "leader" : "follower",
          term: 1,
          wallOffsetMs: second === 50_000 ? -900 : 0,
        }),
      );
    }
    const { ok, stepMs } = steps.load();
    expect(ok.length).toBeLessThanOrEqual(1_200);
    expect(ok.reduce((a, b) => a + b, 0)).toBe(20_000);
    const [lane] = steps.nodes();
    expect(lane?.role.length).toBeLessThanOrEqual(1_200);
    expect(lane?.role[Math.floor(99_000_000 / stepMs)]).toBe("leader");
    expect(lane?.role[Math.floor(110_000_000 / stepMs)]).toBe("follower");
    expect(lane?.skewMs[Math.floor(50_000_000 / stepMs)]).toBe(-900);
  });

  test("a sample that came late is bridged, a node that is silent is not", () => {
    const steps = new Steps();
    steps.sample(sample("n1", 0.9, { role: "leader", term: 3 }));
    steps.sample(sample("n1", 2.1, { role: "leader", term: 3 }));
    steps.sample(sample("n1", 9, { role: "follower", term: 4 }));
    expect(steps.nodes()[0]?.role).toEqual([
      "leader",
      "leader",
      "leader",
      null,
      null,
      null,
      null,
      null,
      null,
      "follower",
    ]);
  });

  test("a view with the changes applied is the view that a newcomer gets", () => {
    const event = fc.record({
      kind: fc.constantFrom("ok", "fail", "info", "sample"),
      ms: fc.integer({ min: 0, max: 30_000 }),
      latency: fc.integer({ min: 1, max: 500 }),
      node: fc.constantFrom("n1", "n2", "n10"),
    });
    fc.assert(
      fc.property(fc.array(fc.array(event, { maxLength: 20 }), { maxLength: 10 }), (rounds) => {
        const steps = new Steps();
        steps.takeTails();
        const empty = { load: steps.load(), nodes: steps.nodes(), log: [] as const };
        let view = empty as unknown as RunView;
        for (const round of rounds) {
          for (const { kind, ms, latency, node } of round) {
            if (kind === "sample")
              steps.sample(sample(node, ms / 1_000, { role: "follower", term: latency }));
            else steps.count(kind, ms, latency);
          }
          const { load, nodes } = steps.takeTails();
          view = applyChange(view, {
            ...(load === null ? {} : { load }),
            ...(nodes === null ? {} : { nodes }),
          });
        }
        expect(view.load).toEqual(steps.load());
        const byName = (lanes: RunView["nodes"]): unknown => new Map(lanes.map((lane) => [lane.node, lane]));
        expect(byName(view.nodes)).toEqual(byName(steps.nodes()));
      }),
    );
  });
});
