import { describe, expect, test } from "vitest";
import type { Message } from "@gauntlet/server/inside";
import { FAILED, sampleTrace, SCENARIO, VALID } from "../testing/sample.js";
import type { TraceEvent } from "../trace.js";
import { lanesData } from "./lanes/collect.js";
import { lanesHtml } from "./lanes.js";

const heartbeat: Message = { type: "heartbeat", from: 1, to: 2, term: 3, commit: 0, round: 1 };

function data(events: readonly (readonly [number, TraceEvent])[]) {
  const trace = events.map(([atMs, event]) => ({ atMs, event }));
  return lanesData(trace, { ...SCENARIO, schedule: { faults: [] } }, VALID);
}

describe("the data of the page", () => {
  test("what lasts is a band from the heal to the end", () => {
    const lasting = { type: "stalled", nodes: ["n2", "n4"] } as const;
    const scenario = { ...SCENARIO, schedule: { faults: [] }, healing: { ...SCENARIO.healing, lasting } };
    const trace = [
      { atMs: 5, event: { type: "fault", what: "lasting: stalled n2, n4" } },
      { atMs: 30, event: { type: "phase", phase: "done" } },
    ] as const;
    expect(lanesData(trace, scenario, VALID).faults).toEqual([
      { fromMs: 5, toMs: 30, text: "lasting: stalled n2, n4", nodes: [1, 3] },
    ]);
    expect(lanesData(trace.slice(1), scenario, VALID).faults).toEqual([]);
  });

  test("a node's stretches have no gaps, and a start after an end is a new life", () => {
    const { nodes } = data([
      [1, { type: "started", node: "n1", lastIndex: 0, term: 2 }],
      [5, { type: "role", node: "n1", role: "leader", term: 3, leader: "n1" }],
      [6, { type: "committed", node: "n1", index: 4, term: 3 }],
      [7, { type: "paused", node: "n1" }],
      [8, { type: "stopped", node: "n1", reason: "killed" }],
      [9, { type: "started", node: "n1", lastIndex: 4, term: 3 }],
      [20, { type: "phase", phase: "done" }],
    ]);
    const [first] = nodes;
    expect(first?.stretches.map(({ fromMs, toMs, state, term }) => [fromMs, toMs, state, term])).toEqual([
      [0, 1, "down", 0],
      [1, 5, "follower", 2],
      [5, 8, "leader", 3],
      [8, 9, "down", 3],
      [9, 20, "follower", 3],
    ]);
    expect(first?.pauses).toEqual([{ fromMs: 7, toMs: 8 }]);
    expect([first?.commitAt, first?.commit]).toEqual([
      [6, 8],
      [4, 0],
    ]);
    expect(first?.marks.map(({ kind }) => kind)).toEqual(["started", "stopped", "started"]);
    expect(nodes[4]?.stretches).toMatchObject([{ fromMs: 0, toMs: 20, state: "down" }]);
  });

  test("each message ends where it was delivered or lost; one that was doubled is two", () => {
    const other: Message = { ...heartbeat, from: 2, to: 1 };
    const { messages, texts } = data([
      [1, { type: "sent", message: heartbeat, deliverAtMs: 9 }],
      [1, { type: "sent", message: heartbeat, deliverAtMs: 4 }],
      [2, { type: "lost", message: other, why: "cut" }],
      [4, { type: "delivered", message: heartbeat }],
      [9, { type: "lost", message: heartbeat, why: "dead" }],
      [9, { type: "sent", message: other, deliverAtMs: 50 }],
      [30, { type: "phase", phase: "done" }],
    ]);
    expect(messages.sentAt).toEqual([1, 1, 2, 9]);
    expect(messages.endAt).toEqual([9, 4, 2, 30]);
    expect(messages.lost).toEqual([1, 0, 1, 0]);
    expect(messages.from).toEqual([0, 0, 1, 1]);
    expect(texts[messages.text[0] ?? -1]).toContain("lost: nobody is there");
  });

  test("operations that overlap lie in rows of their own; without an answer they last to the end", () => {
    const { operations, texts } = data([
      [1, { type: "invoked", process: 1, node: "n1", what: "read a" }],
      [2, { type: "invoked", process: 2, node: "n2", what: "write a 1" }],
      [3, { type: "completed", process: 1, node: "n1", outcome: "fail", what: "timeout" }],
      [4, { type: "invoked", process: 3, node: "n1", what: "read b" }],
      [5, { type: "completed", process: 3, node: "n1", outcome: "ok", what: "7" }],
      [10, { type: "phase", phase: "done" }],
    ]);
    expect(operations).toMatchObject({
      from: [1, 2, 4],
      to: [3, 10, 5],
      row: [0, 1, 0],
      rows: 2,
      outcome: [1, 2, 0],
    });
    expect(operations.text.map((text) => texts[text])).toEqual([
      "client 1 at n1: read a → fail: timeout",
      "client 2 at n2: write a 1; no answer",
      "client 3 at n1: read b → ok: 7",
    ]);
  });

  test("the schedule's windows count from the beginning of the load, and repeat", () => {
    const trace = [
      { atMs: 500, event: { type: "phase", phase: "load" } as const },
      { atMs: 26_000, event: { type: "phase", phase: "done" } as const },
    ];
    const faults = [{ at: "2s", for: "3s", fault: "process.kill", target: ["n2", "n3"] }];
    const scenario = { ...SCENARIO, schedule: { faults, repeat: { every: "10s" } } };
    expect(lanesData(trace, scenario, VALID).faults).toEqual([
      { fromMs: 2_500, toMs: 5_500, text: "process.kill n2 n3", nodes: [1, 2] },
      { fromMs: 12_500, toMs: 15_500, text: "process.kill n2 n3", nodes: [1, 2] },
    ]);
  });
});

describe("the page", () => {
  const page = lanesHtml(sampleTrace(3_000), SCENARIO, FAILED);

  test("fetches nothing, and says why it failed where scripts do not run", () => {
    const outside = page.replace(/<script[^]*?<\/script>/g, "").replace(/<style>[^]*?<\/style>/g, "");
    expect(page).toContain("default-src 'none'");
    expect(outside).not.toMatch(/(src|href)=/);
    expect(outside).toContain("<h1>state-machine-safety</h1>");
    expect(outside).toContain("FAILED (invariant: state-machine-safety) at 15.000s");
  });

  test("takes text of a run as text", () => {
    const evil = `</script><script>alert(1)</script><img src=x>`;
    const what = { ...FAILED, failure: { ...FAILED.failure, what: evil, name: evil } };
    const attacked = lanesHtml([{ atMs: 1, event: { type: "fault", what: evil } }], SCENARIO, what);
    expect(attacked).not.toContain("<img");
    expect(attacked).not.toContain("<script>alert");
  });
});
