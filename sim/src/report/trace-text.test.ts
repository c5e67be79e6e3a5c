import { describe, expect, test } from "vitest";
import type { Message } from "@gauntlet/server/inside";
import { FAILED, sampleTrace, VALID } from "../testing/sample.js";
import type { Traced, TraceEvent } from "../trace.js";
import { clusterState } from "./cluster-state.js";
import { eventText } from "./event-text.js";
import { messageText } from "./message-text.js";
import { traceText } from "./trace-text.js";

function entries(first: number, last: number, terms = [3]): Extract<Message, { type: "append" }>["entries"] {
  return Array.from({ length: last - first + 1 }, (_, at) => ({
    index: first + at,
    term: terms[Math.min(at, terms.length - 1)] as number,
    kind: "normal",
    version: 1,
    timestampMs: 0,
    data: new Uint8Array(),
  }));
}

const link = { from: 1, to: 2, term: 3 } as const;
const append = { ...link, type: "append", prevIndex: 11, prevTerm: 3, commit: 10 } as const;

test.each<readonly [Message, string]>([
  [{ ...append, entries: entries(12, 15) }, "append 12..15/3 after 11/3, commit 10"],
  [{ ...append, entries: entries(12, 12) }, "append 12/3 after 11/3, commit 10"],
  [{ ...append, entries: entries(12, 13, [2, 3]) }, "append 12..13 of terms 2..3 after 11/3, commit 10"],
  [{ ...append, entries: [] }, "append nothing after 11/3, commit 10"],
  [{ ...link, type: "append-accepted", matchIndex: 9 }, "accepted, holds up to 9"],
  [
    { ...link, type: "append-rejected", rejectedPrevIndex: 9, hintIndex: 4, hintTerm: 2, lost: false },
    "rejected after 9, try 4/2",
  ],
  [{ ...link, type: "vote-response", pre: true, granted: false }, "refuses its pre-vote"],
  [{ ...link, type: "heartbeat", commit: 4, round: 2 }, "heartbeat 2, commit 4"],
  [{ ...link, type: "read-response", id: 8, index: null }, "has no read index (8)"],
  [{ ...link, type: "timeout-now" }, "asks it to stand for election at once"],
  [
    { ...link, type: "propose-change", id: 4, changes: [], data: new Uint8Array(2) },
    "propose-change id 4, changes [], data 2 bytes",
  ],
])("a message in words: %j", (message, words) => {
  expect(messageText(message)).toBe(words);
});

test.each<readonly [TraceEvent, string, string]>([
  [{ type: "role", node: "n1", role: "leader", term: 4, leader: "n1" }, "n1", "LEADER of term 4"],
  [
    { type: "role", node: "n1", role: "follower", term: 4, leader: null },
    "n1",
    "follower in term 4, knows no leader",
  ],
  [
    { type: "lost", message: { ...link, type: "heartbeat", commit: 0, round: 0 }, why: "cut" },
    "n1 ↛ n2",
    "[term 3] heartbeat 0, commit 0; lost: the link is cut",
  ],
  [{ type: "synced", node: "n2", bytes: 10, tookMs: 1.77799999 }, "n2", "synced 10 bytes in 1.778 ms"],
  [{ type: "invoked", process: 7, node: "n2", what: "read r1" }, "client 7 → n2", "read r1"],
])("an event in words: %j", (event, where, what) => {
  expect(eventText(event)).toEqual({ where, what });
});

describe("a trace", () => {
  const trace = sampleTrace(3_000);

  test("of a failure is cut around it, says what is left out, and ends with why", () => {
    const lines = traceText(trace, FAILED, { maxLines: 50 }).trimEnd().split("\n");
    const failure = lines.findIndex((line) => line.includes("════ state-machine-safety"));
    expect(lines[3]).toMatch(/^… [\d,]+ events before this/);
    expect(failure).toBe(4 + 45);
    expect(lines.slice(-2)).toEqual([
      "FAILED (invariant: state-machine-safety) at 15.000s, seed 7:",
      FAILED.failure.what,
    ]);
    const times = lines.slice(4, failure).map((line) => Number.parseFloat(line));
    expect(Math.max(...times)).toBeLessThanOrEqual(15);
    expect(lines.length).toBeLessThan(80);
  });

  test("is told whole where it is short, and of a valid run in one last line", () => {
    const text = traceText(trace.slice(0, 20), VALID);
    expect(text).not.toContain("…");
    expect(text.trimEnd().split("\n").at(-1)).toBe("VALID: seed 7, 20.000s simulated, no promise broken");
  });

  test("of some nodes keeps what they take part in, and the world's own", () => {
    const lines = traceText(trace, VALID, { nodes: ["n3"], fromMs: 1_000, toMs: 6_000, maxLines: 1e9 })
      .split("\n")
      .slice(3, -3);
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect(line).toMatch(/n3|world/);
    expect(lines.some((line) => line.includes("FAULT: process.kill n1"))).toBe(true);
    expect(Number.parseFloat(lines[0] ?? "")).toBeGreaterThanOrEqual(1);
    expect(Number.parseFloat(lines.at(-1) ?? "")).toBeLessThanOrEqual(6);
  });
});

test("the cluster as it stood: a start forgets what is not on the disk", () => {
  const events: TraceEvent[] = [
    { type: "role", node: "n2", role: "leader", term: 4, leader: "n2" },
    { type: "committed", node: "n2", index: 9, term: 4 },
    { type: "invoked", process: 1, node: "n2", what: "read r1" },
    { type: "stopped", node: "n2", reason: "killed" },
    { type: "started", node: "n10", lastIndex: 3, term: 4 },
    { type: "started", node: "n2", lastIndex: 9, term: 4 },
    { type: "paused", node: "n2" },
    { type: "fault", what: "kill n2" },
  ];
  const trace: Traced[] = events.map((event, atMs) => ({ atMs, event }));
  const { nodes, faults, open } = clusterState(trace);
  expect([...nodes.keys()]).toEqual(["n2", "n10"]);
  expect(nodes.get("n2")).toMatchObject({ process: "paused", role: "follower", term: 4, commit: 0 });
  expect(clusterState(trace.slice(0, 4)).nodes.get("n2")).toMatchObject({ process: "down", commit: 9 });
  expect(faults).toEqual([{ atMs: 7, what: "kill n2" }]);
  expect([...open]).toEqual([[1, "read r1 at n2"]]);
});
