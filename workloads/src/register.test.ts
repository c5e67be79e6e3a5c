import { type CheckResult, HistoryError, type HistoryEvent } from "@gauntlet/histories";
import { describe, expect, test } from "vitest";
import type { Client } from "./client.js";
import type { LinearizabilityEvidence } from "./linearizability.js";
import { registerWorkload } from "./register.js";
import { drawFrom } from "./testing/random.js";
import { simulate } from "./testing/simulate.js";
import { tangle } from "./testing/small-histories.js";

const workload = registerWorkload({ operationsPerKey: 60 });
const LIMITS = { timeLimitMs: 30_000 };
const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);

function history(seed: number, operations = 400): Promise<HistoryEvent[]> {
  return simulate({ workload, concurrency: 10, nodes: 5, operations, draw: drawFrom(seed) });
}

async function verdicts(events: readonly HistoryEvent[]): Promise<Record<string, CheckResult>> {
  const checks = await workload.check(events, LIMITS);
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

/** Changes one event; revisions are dropped, so that linearizability alone has to see it. */
function replace(
  events: readonly HistoryEvent[],
  index: number,
  change: Partial<HistoryEvent>,
): HistoryEvent[] {
  return events.map((event) => {
    const { revision: _, ...rest } = event;
    return event.index === index ? { ...rest, ...change } : rest;
  });
}

/** The last read of a key whose values are unique, and a value that the key had lost long before. */
function staleRead(events: readonly HistoryEvent[]): { index: number; value: unknown } | undefined {
  const final = events.filter(({ type, f, key }) => type === "ok" && f === "read" && key === "r0").at(-1);
  const reads = events.filter(
    ({ type, f, key, value }) => type === "ok" && f === "read" && key === "r0" && value !== final?.value,
  );
  const old = reads.find(({ value }) => value !== null);
  return final === undefined || old === undefined ? undefined : { index: final.index, value: old.value };
}

describe("check", () => {
  test.each(SEEDS)("a store that answers rightly is valid (seed %i)", async (seed) => {
    const checks = await verdicts(await history(seed));
    expect(Object.values(checks).map(({ name, verdict }) => [name, verdict])).toEqual([
      ["linearizability", "valid"],
      ["revisions", "valid"],
    ]);
  });

  test.each(SEEDS)("a planted stale read is found, with its key and operation (seed %i)", async (seed) => {
    const events = await history(seed);
    const stale = staleRead(events);
    expect(stale).toBeDefined();
    const planted = replace(events, stale?.index ?? -1, { value: stale?.value });
    const { linearizability, revisions } = await verdicts(planted);
    expect(revisions).toBeUndefined();
    expect(linearizability?.verdict).toBe("invalid");
    const evidence = linearizability?.details as LinearizabilityEvidence | undefined;
    const failure = evidence?.failures[0];
    expect(failure?.key).toBe("r0");
    const invoke = planted[failure?.failedAt ?? -1];
    expect(invoke).toMatchObject({ type: "invoke", key: "r0" });
    expect(failure?.operations).toContain(failure?.failedAt);
    expect(failure?.required).toContain(failure?.failedAt);
    expect(failure?.isMinimal).toBe(true);
    expect(failure?.operations).toEqual(
      expect.arrayContaining([...(failure?.required ?? []), ...(failure?.optional ?? [])]),
    );
  });

  test.each(SEEDS)("an acknowledged write that is gone at the end is found (seed %i)", async (seed) => {
    const events = await history(seed);
    const final = events.filter(({ type, f, key }) => type === "ok" && f === "read" && key === "r0").at(-1);
    const { linearizability } = await verdicts(replace(events, final?.index ?? -1, { value: null }));
    expect(linearizability?.verdict).toBe("invalid");
  });

  test.each(SEEDS)("a read with a revision from before it began is found (seed %i)", async (seed) => {
    const events = await history(seed);
    const read = events.filter(({ type, f }) => type === "ok" && f === "read").at(-1);
    const planted = events.map((event) => (event === read ? { ...event, revision: 1 } : event));
    const { revisions, linearizability } = await verdicts(planted);
    expect(linearizability?.verdict).toBe("valid");
    expect(revisions).toMatchObject({ verdict: "invalid", details: { event: read?.index } });
  });

  test("two writes with one revision are found", async () => {
    const events = await history(1);
    const writes = events.filter(({ type, f }) => type === "ok" && f === "write");
    const [first, second] = [writes[0], writes[1]];
    const planted = events.map((event) =>
      event === second ? { ...event, revision: first?.revision ?? 0 } : event,
    );
    expect((await verdicts(planted))["revisions"]?.verdict).toBe("invalid");
  });

  test("a check without time is undecided, not valid", async () => {
    const [linearizability] = await workload.check(tangle(16), { timeLimitMs: 0 });
    expect(linearizability?.verdict).toBe("unknown");
  });

  describe("an answer that one check cannot read", () => {
    const pair = (index: number, answer: object): HistoryEvent[] => [
      { index, time: index, process: 0, type: "invoke", f: "read", key: "r0" },
      { index: index + 1, time: index + 1, process: 0, type: "ok", f: "read", key: "r0", ...answer },
    ];
    const unreadable = pair(0, { value: true, revision: 9 });

    test("does not hide what the other one finds", async () => {
      const { revisions, register } = await verdicts([
        ...unreadable,
        ...pair(2, { value: null, revision: 3 }),
      ]);
      expect(revisions?.verdict).toBe("invalid");
      expect(register).toMatchObject({ kind: "rig", verdict: "failed" });
    });

    test("is thrown where nothing is found", async () => {
      await expect(workload.check(unreadable, LIMITS)).rejects.toThrow(HistoryError);
    });
  });
});

describe("perform", () => {
  const client: Client = {
    read: async () => ({ type: "ok", value: null, revision: 4 }),
    write: async () => ({ type: "info", error: { code: "unavailable", message: "gone" } }),
    compareAndSet: async (_, from) => ({ type: "ok", value: from === "1", revision: 5 }),
    transact: async () => {
      throw new Error("a register needs no transaction");
    },
  };

  test("the answer of a read is what was read, null for an absent key", async () => {
    expect(await workload.perform(client, { f: "read", key: "r0" })).toEqual({
      type: "ok",
      value: { value: null },
      revision: 4,
    });
  });

  test("a compare-and-set that found another value happened", async () => {
    const outcome = (from: string) => workload.perform(client, { f: "cas", key: "r0", value: [from, "2"] });
    expect(await outcome("1")).toMatchObject({ type: "ok", value: { succeeded: true } });
    expect(await outcome("7")).toMatchObject({ type: "ok", value: { succeeded: false } });
  });

  test("an unknown end stays unknown", async () => {
    expect(await workload.perform(client, { f: "write", key: "r0", value: "1" })).toMatchObject({
      type: "info",
      error: { code: "unavailable" },
    });
  });
});
