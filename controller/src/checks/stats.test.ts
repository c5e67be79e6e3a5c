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

  test("counts latency from when an operation was due, so that a stall hides nothing", () => {
    const history = Array.from({ length: 100 }, (_, i) => [
      event(2 * i, 1_000 + i, { due: 10 * i * MS }),
      event(2 * i + 1, 1_000.5 + i, { type: "ok" }),
    ]).flat();
    const read = functionStats(history).find(({ f }) => f === "read");
    expect(read?.p50Ms).toBeCloseTo(1_000.5 - 9 * 50, -1);
    expect(read?.maxMs).toBeCloseTo(1_000.5, -1);
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
  /** One operation after the other, evenly over a minute. */
  function history(count: number, fields: (i: number) => Partial<HistoryEvent>): readonly HistoryEvent[] {
    return Array.from({ length: count }, (_, i) => {
      const { type, final, ...operation } = fields(i);
      const invoked = final === undefined ? operation : { ...operation, final };
      const atMs = (60_000 / count) * i;
      return [event(2 * i, atMs, invoked), event(2 * i + 1, atMs + 1, { ...operation, type: type ?? "ok" })];
    }).flat();
  }
  const mixed = (i: number): Partial<HistoryEvent> => ({ f: i % 2 === 0 ? "read" : "write" });
  const verdictOf = (events: readonly HistoryEvent[]) => checkStats(events, ["read", "write"], 60_000);

  test("a run with enough of everything passes", () => {
    expect(verdictOf(history(100, mixed))).toMatchObject({ verdict: "valid" });
  });

  test("99 successes are vacuous", () => {
    const check = verdictOf(history(99, mixed));
    expect(check).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("only 99") });
  });

  test("a function that never succeeded is vacuous and named", () => {
    const check = verdictOf(history(500, () => ({ f: "read" })));
    expect(check).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("no write") });
  });

  test("a function that reads and writes is vacuous where only its reads succeeded", () => {
    const write = (i: number): boolean => i % 2 === 0;
    const txns = (written: "ok" | "fail" | "info"): readonly HistoryEvent[] =>
      history(400, (i) => ({
        f: "txn",
        value: [write(i) ? ["w", "m0/0", "1"] : ["r", "m0/0", null]],
        type: write(i) ? written : "ok",
      }));
    const judged = (written: "ok" | "fail" | "info") => checkStats(txns(written), ["txn"], 60_000);
    expect(judged("fail")).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("none of 200 writes"),
    });
    expect(judged("info").verdict).toBe("unknown");
    expect(judged("ok").verdict).toBe("valid");
  });

  test("what only the final reads got counts for nothing", () => {
    const check = verdictOf(history(400, (i) => (i % 2 === 0 ? { f: "read", final: true } : { f: "write" })));
    expect(check).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("no read") });
  });

  test.each([
    [14, "unknown", "only 14 of 60 seconds"],
    [15, "valid", "in 15 of 60 seconds"],
  ])("a minute with something ok in %i of its seconds is %s", (seconds, verdict, words) => {
    const events = history(1_200, (i) => ({ ...mixed(i), type: i < seconds * 20 ? "ok" : "info" }));
    expect(verdictOf(events)).toMatchObject({ verdict, reason: expect.stringContaining(words) });
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
