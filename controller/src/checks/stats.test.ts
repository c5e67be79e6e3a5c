import type { HistoryEvent } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import { checkStats, functionStats, okPerSecond } from "./stats.js";

const MS = 1e6;

function event(index: number, timeMs: number, fields: Partial<HistoryEvent>): HistoryEvent {
  return { index, time: timeMs * MS, process: 0, type: "invoke", f: "read", ...fields };
}

describe("functionStats", () => {
  test("counts each class by function, and an operation that never ended as info", () => {
    const stats = functionStats([
      event(0, 0, { process: 0, f: "read" }),
      event(1, 1, { process: 1, f: "write" }),
      event(2, 5, { process: 0, f: "read", type: "ok" }),
      event(3, 9, { process: 1, f: "write", type: "fail" }),
      event(4, 9, { process: "nemesis", f: "process.kill", type: "info" }),
      event(5, 10, { process: 1, f: "write" }),
    ]);
    expect(stats.map(({ f, ok, fail, info }) => [f, ok, fail, info])).toEqual([
      ["read", 1, 0, 0],
      ["write", 0, 1, 1],
      ["all", 1, 1, 1],
    ]);
  });

  test("measures latency of ok operations from invocation to completion", () => {
    const history = Array.from({ length: 100 }, (_, i) => [
      event(2 * i, 100 * i, {}),
      event(2 * i + 1, 100 * i + (i === 99 ? 50 : 5), { type: "ok" }),
    ]).flat();
    const read = functionStats(history).find(({ f }) => f === "read");
    expect(read?.p50Ms).toBeCloseTo(5, 1);
    expect(read?.p99Ms).toBeCloseTo(5, 1);
    expect(read?.maxMs).toBeCloseTo(50, 0);
  });

  test("has no latency where nothing succeeded", () => {
    expect(functionStats([event(0, 0, {})]).at(-1)).toMatchObject({
      f: "all",
      ok: 0,
      info: 1,
      p50Ms: null,
      maxMs: null,
    });
  });
});

describe("checkStats", () => {
  const row = (f: string, ok: number) => ({ f, ok, fail: 0, info: 0, p50Ms: 1, p99Ms: 1, maxMs: 1 });

  test("a run with enough of everything passes", () => {
    expect(checkStats([row("read", 60), row("write", 40), row("all", 100)], ["read", "write"]).verdict).toBe(
      "valid",
    );
  });

  test("99 successes are vacuous", () => {
    const check = checkStats([row("read", 59), row("write", 40), row("all", 99)], ["read", "write"]);
    expect(check).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("99") });
  });

  test("a function that never succeeded is vacuous and named", () => {
    const check = checkStats([row("read", 500), row("all", 500)], ["read", "cas"]);
    expect(check).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("no cas") });
  });
});

test("okPerSecond counts the main phase alone", () => {
  const history = [
    event(0, 0, {}),
    event(1, 500, { type: "ok" }),
    event(2, 500, {}),
    event(3, 1000, { type: "ok" }),
    event(4, 1500, {}),
    event(5, 9000, { type: "ok" }),
  ];
  expect(okPerSecond(history, 2000)).toBeCloseTo(2 / 1.5, 1);
});
