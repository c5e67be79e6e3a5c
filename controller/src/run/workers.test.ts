import { setMaxListeners } from "node:events";
import type { HistoryEvent, UnstampedEvent } from "@gauntlet/histories";
import type { Answer, Client, Generator, Operation, Outcome, Workload } from "@gauntlet/workloads";
import { always, limit } from "@gauntlet/workloads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RunClock } from "./clock.js";
import { type Arrival, Pacer } from "./pacer.js";
import { drawFrom } from "./random.js";
import { Recorder } from "./recorder.js";
import { Workers } from "./workers.js";

type Perform = (node: string, operation: Operation) => Promise<Outcome<Answer>>;

const OK: Outcome<Answer> = { type: "ok", value: {}, revision: 1 };
const INFO: Outcome<Answer> = { type: "info", error: { code: "lost", message: "lost" } };
const FAIL: Outcome<Answer> = { type: "fail", error: { code: "never-sent", message: "refused" } };

/** Six workers on three nodes; a client is only the name of its node. */
function world(perform: Perform, maxProcesses = 6, others?: Generator) {
  const events: HistoryEvent[] = [];
  const record = (event: UnstampedEvent): HistoryEvent => {
    const stamped = { index: events.length, time: 0, ...event } as HistoryEvent;
    events.push(stamped);
    return stamped;
  };
  const nodes = ["n1", "n2", "n3"];
  const names = new Map<Client, string>();
  const clients = Array.from({ length: 6 }, (_, worker) => {
    const client = {} as Client;
    names.set(client, nodes[worker % 3] ?? "");
    return client;
  });
  let count = 0;
  const generator: Generator = others ?? {
    next: () => ({ type: "operation", operation: { f: "write", key: "k", value: `${(count += 1)}` } }),
    finalOperations: () => [],
  };
  const workload: Workload = {
    name: "test",
    functions: ["write"],
    callsPerOperation: 1,
    start: () => generator,
    perform: (client, operation) => perform(names.get(client) ?? "", operation),
    check: async () => [],
  };
  const clock = new RunClock();
  const recorder = new Recorder({ record });
  const workers = new Workers({
    clients,
    nodes,
    workload,
    generator,
    recorder,
    clock,
    opTimeoutMs: 200,
    maxProcesses,
  });
  const run = async (ms: number, ratePerSecond: number, arrival: Arrival = "paced"): Promise<void> => {
    const pacer = new Pacer({ ratePerSecond, arrival, draw: drawFrom(1, 2) });
    clock.restart();
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    await passing(workers.run(pacer, ms, signal).then(() => workers.drain()));
  };
  return { events, run, workers, clock };
}

const never = (): Promise<never> => new Promise(() => {});

// Nothing here waits for a clock: a busy machine changes no result.
beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "hrtime", "performance"],
    }),
);
afterEach(() => void vi.useRealTimers());

/** Lets time pass until it is settled. */
async function passing<Value>(work: Promise<Value>): Promise<Value> {
  const state = { isOver: false };
  const settled = work.finally(() => (state.isOver = true));
  settled.catch(() => undefined);
  while (!state.isOver) await vi.advanceTimersByTimeAsync(1);
  return settled;
}

describe("Workers", () => {
  test("a process is pinned to its node and has one operation open at most", async () => {
    const { events, run } = world(async () => OK);
    await run(300, 500);
    const open = new Set<unknown>();
    const overlapping: unknown[] = [];
    for (const { process, type, node } of events) {
      expect(node).toBe(`n${(Number(process) % 3) + 1}`);
      if (type === "invoke") {
        if (open.has(process)) overlapping.push(process);
        open.add(process);
      } else open.delete(process);
    }
    expect(overlapping).toEqual([]);
    expect(events.length).toBeGreaterThan(100);
  });

  test("after an info the worker goes on as process w + k * concurrency, on the same node", async () => {
    const { events, run } = world(async (node) => (node === "n2" ? INFO : OK));
    await run(200, 500);
    const ended = new Set<unknown>();
    for (const { process, type } of events) {
      expect(ended.has(process)).toBe(false);
      if (type === "info") ended.add(process);
    }
    const later = events.filter(({ process }) => Number(process) >= 6);
    expect(new Set(later.map(({ node }) => node))).toEqual(new Set(["n2"]));
    expect(ended.size).toBeGreaterThan(5);
    expect([...ended].every((process) => Number(process) % 3 === 1)).toBe(true);
  });

  test("a node that never answers holds nobody else up", async () => {
    const { events, run, workers } = world((node) => (node === "n1" ? never() : Promise.resolve(OK)));
    await run(600, 200);
    expect(events.filter(({ type }) => type === "ok").length).toBeGreaterThan(60);
    const lost = events.filter(({ node, type }) => node === "n1" && type === "info");
    expect(lost).toHaveLength(2);
    expect(workers.clientFault).toContain("did not end");
  });

  test("a node that refuses at once does not eat up the rate", async () => {
    const { events, run } = world(async (node) => (node === "n1" ? FAIL : OK));
    await run(1_000, 100);
    const failed = events.filter(({ type }) => type === "fail").length;
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThanOrEqual(10);
  });

  test("open arrivals are all taken, by others when all are busy, and say when they were due", async () => {
    const { events, run } = world(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return OK;
    }, 60);
    await run(500, 200, "open");
    const invoked = events.filter(({ type }) => type === "invoke");
    expect(invoked.map(({ due = -1 }) => Math.floor(due / 5e6))).toEqual(invoked.map((_, slot) => slot));
    expect(invoked.length).toBeGreaterThan(60);
    const processes = new Set(invoked.map(({ process }) => Number(process)));
    expect(processes.size).toBeGreaterThan(6);
    expect(Math.max(...processes)).toBeLessThan(60);
    expect(invoked.every(({ process, node }) => node === `n${((Number(process) % 6) % 3) + 1}`)).toBe(true);
  });

  test("beyond the most that may be hired open arrivals wait, and none is lost", async () => {
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    const { events, run } = world(async () => held.then(() => OK), 8);
    let begun: readonly unknown[] = [];
    setTimeout(() => {
      begun = events.map(({ process }) => process);
      answer();
    }, 150);
    await run(600, 500, "open");
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const invoked = events.filter(({ type }) => type === "invoke");
    expect(invoked.map(({ due = -1 }) => Math.floor(due / 2e6))).toEqual(invoked.map((_, slot) => slot));
    expect(invoked.length).toBeGreaterThan(100);
  });

  const afterMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  test("whoever becomes free when nothing is due takes what is due next", async () => {
    // All six are busy, and all are free again at once, now and then before anything else is due.
    const { events, run } = world(() => afterMs(100 - (performance.now() % 100)).then(() => OK));
    await run(2_000, 65);
    expect(events.filter(({ type }) => type === "ok").length).toBeGreaterThan(110);
  });

  test("hired or not, no process shows up again after an info, and none is two at a time", async () => {
    const { events, run } = world(() => afterMs(50).then(() => INFO), 24);
    await run(500, 300, "open");
    const open = new Set<unknown>();
    const ended = new Set<unknown>();
    for (const { process, type } of events) {
      expect(ended.has(process)).toBe(false);
      expect(open.has(process)).toBe(type !== "invoke");
      if (type === "invoke") open.add(process);
      else ended.add(process);
      if (type !== "invoke") open.delete(process);
    }
    expect(ended.size).toBeGreaterThan(100);
  });

  test("who waits for another's operation is asked when it ended", async () => {
    let isOver = false;
    const others: Generator = {
      next: (worker) => {
        if (worker === 0 && !isOver) return { type: "operation", operation: { f: "first" } };
        if (worker === 1 && isOver) return { type: "operation", operation: { f: "second" } };
        return { type: "pending", untilMs: worker === 1 ? null : 1e9 };
      },
      completed: () => void (isOver = true),
      finalOperations: () => [],
    };
    const { events, run } = world(() => afterMs(50).then(() => OK), 6, others);
    await run(200, 100);
    expect(new Set(events.map(({ f }) => f))).toEqual(new Set(["first", "second"]));
  });

  test("paced operations say nothing of when they were due", async () => {
    const { events, run } = world(async () => OK);
    await run(100, 200);
    expect(events.some(({ due }) => due !== undefined)).toBe(false);
  });

  test("it ends when there are no more operations for anybody, all of whose ends the generator hears", async () => {
    const heard: string[] = [];
    const source = limit(
      20,
      always(() => ({ f: "write", key: "k", value: "1" })),
    );
    const completed: Generator["completed"] = (worker, { f }, type) => {
      heard.push(`${f} ${type} ${worker < 6}`);
      source.completed?.(worker, { f }, type);
    };
    const { events, run, clock } = world(async () => FAIL, 12, {
      ...source,
      completed,
      finalOperations: () => [],
    });
    await run(60_000, 500, "open");
    expect(clock.nowMs()).toBeLessThan(30_000);
    expect(events.filter(({ type }) => type === "fail")).toHaveLength(20);
    expect(heard).toEqual(Array.from({ length: 20 }, () => "write fail true"));
  });

  test("a generator that breaks ends the run", async () => {
    const finalOperations = (): readonly Operation[] => [];
    const next = (): never => {
      throw new Error("nothing comes to its mind");
    };
    const { run } = world(async () => OK, 6, { next, finalOperations });
    await expect(run(10_000, 200)).rejects.toThrow("nothing comes to its mind");
  });

  test("an invocation is recorded before its call begins, a completion after it ended", async () => {
    const log: string[] = [];
    const { events, run } = world(async (_, { value }) => {
      log.push(`${events.at(-1)?.type ?? ""} ${String(events.at(-1)?.value === value)}`);
      return OK;
    });
    await run(100, 100);
    expect(new Set(log)).toEqual(new Set(["invoke true"]));
  });

  test("a recorder that cannot record ends the run at once, and not when its time is over", async () => {
    const { run, events, clock } = world(async () => OK);
    events.push = () => {
      throw new Error("the disk is full");
    };
    await expect(run(60_000, 200)).rejects.toThrow("the disk is full");
    expect(clock.nowMs()).toBeLessThan(1_000);
  });

  test("a final operation is asked again, of another node, until it is ok", async () => {
    const { events, workers, clock } = world(async (node) => (node === "n3" ? OK : FAIL));
    const operations = [
      { f: "read", key: "a" },
      { f: "read", key: "b" },
    ];
    expect(
      await passing(workers.runFinal(operations, clock.nowMs() + 5_000, new AbortController().signal)),
    ).toEqual([]);
    expect(events.filter(({ type }) => type === "ok").map(({ key, node }) => [key, node])).toEqual([
      ["b", "n3"],
      ["a", "n3"],
    ]);
    expect(events.filter(({ type }) => type === "invoke").every(({ final }) => final === true)).toBe(true);
  });

  test("final operations that are never ok are told when the time is over", async () => {
    const { workers, clock } = world(async () => INFO);
    const operations = [{ f: "read", key: "a" }];
    const unread = await passing(
      workers.runFinal(operations, clock.nowMs() + 300, new AbortController().signal),
    );
    expect(unread).toEqual(operations);
  });
});
