import { Readable } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EmptyHistoryError, HistoryError } from "./errors.js";
import type { HistoryEvent } from "./event.js";
import { MAX_LINE_BYTES, parseHistory, readHistory } from "./reader.js";

const GOLDEN: readonly HistoryEvent[] = [
  { index: 0, time: 10, process: 0, type: "invoke", f: "write", key: "r0", value: "1", node: "n1" },
  { index: 1, time: 11, process: 1, type: "invoke", f: "cas", key: "r0", value: ["1", "ä2"], final: true },
  { index: 2, time: 11, process: "nemesis", type: "info", f: "process.kill", value: { nodes: ["n3"] } },
  { index: 3, time: 20, process: 0, type: "ok", f: "write", key: "r0", value: "1", revision: 2 },
  {
    index: 4,
    time: 25,
    process: 1,
    type: "info",
    f: "cas",
    key: "r0",
    value: ["1", "ä2"],
    error: { code: "unavailable", message: "connection lost" },
  },
  { index: 5, time: 30, process: 6, type: "invoke", f: "read", key: "r0" },
  { index: 6, time: 31, process: 0, type: "invoke", f: "cas", key: "r0", value: ["9", "3"] },
  { index: 7, time: 40, process: 6, type: "ok", f: "read", key: "r0", value: null },
  { index: 8, time: 41, process: 0, type: "ok", f: "cas", key: "r0", value: ["9", "3"], succeeded: false },
];
const LINES = GOLDEN.map((event) => JSON.stringify(event));
const TEXT = `${LINES.join("\n")}\n`;

test("reads every event and keeps fields that it does not know", () => {
  expect(parseHistory(TEXT)).toEqual({ events: GOLDEN, truncated: false });
});

test("reads the same from a stream, however it is cut into chunks", async () => {
  const bytes = Buffer.from(TEXT);
  for (const size of [1, 7, 100, 10_000]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    expect(await readHistory(Readable.from(chunks))).toEqual({ events: GOLDEN, truncated: false });
  }
});

test("accepts every truncation of the last line and says so", async () => {
  const bytes = Buffer.from(TEXT);
  const lastLine = Buffer.byteLength(LINES.slice(0, -1).join("\n")) + 1;
  for (let end = lastLine; end <= bytes.length; end++) {
    const history = await readHistory(Readable.from([bytes.subarray(0, end)]));
    const whole = end >= bytes.length - 1;
    expect(history.events).toEqual(whole ? GOLDEN : GOLDEN.slice(0, -1));
    expect(history.truncated).toBe(!whole && end > lastLine);
  }
});

test("a cut in the middle of a character is a truncation", async () => {
  const bytes = Buffer.from(LINES.slice(0, 2).join("\n"));
  const inside = bytes.indexOf(Buffer.from("ä")) + 1;
  const history = await readHistory(Readable.from([bytes.subarray(0, inside)]));
  expect(history).toEqual({ events: GOLDEN.slice(0, 1), truncated: true });
});

/** The golden history with one line replaced (or put before `line`, if `insert`). */
function damaged(line: number, content: string | object): string {
  return (
    LINES.with(line - 1, typeof content === "string" ? content : JSON.stringify(content)).join("\n") + "\n"
  );
}

const event = (line: number, change: object): object => ({ ...GOLDEN[line - 1], ...change });

test.each<[name: string, text: string, message: string]>([
  ["not JSON", damaged(3, "{oops}"), "h:3: not JSON"],
  ["a line cut in the middle of the file", damaged(4, (LINES[3] ?? "").slice(0, 20)), "h:4: not JSON"],
  ["a last line cut but ended", `${LINES.slice(0, 3).join("\n")}\n{"index":3,\n`, "h:4: not JSON"],
  ["an empty line", damaged(3, ""), "h:3: empty line"],
  ["no object", damaged(2, "17"), "h:2: Invalid input: expected object, received number"],
  ["no object at the end", `${TEXT}17`, "h:10: Invalid input: expected object, received number"],
  [
    "a wrong type",
    damaged(4, event(4, { time: "20" })),
    "h:4: time: Invalid input: expected number, received string",
  ],
  [
    "a process by name",
    damaged(4, event(4, { process: "bob" })),
    "h:4: process: expected a number or nemesis",
  ],
  [
    "an unknown event type",
    damaged(4, event(4, { type: "done" })),
    'h:4: type: Invalid option: expected one of "invoke"|"ok"|"fail"|"info"',
  ],
  [
    "no function",
    damaged(1, event(1, { f: undefined })),
    "h:1: f: Invalid input: expected string, received undefined",
  ],
  ["a gap", damaged(4, event(4, { index: 5 })), "h:4: index 5 where 3 comes next"],
  ["an index twice", damaged(4, event(4, { index: 2 })), "h:4: index 2 where 3 comes next"],
  [
    "a fractional index",
    damaged(4, event(4, { index: 2.5 })),
    "h:4: index: Invalid input: expected int, received number",
  ],
  [
    "time that goes back",
    damaged(4, event(4, { time: 10 })),
    "h:4: time 10 goes back, the event before has 11",
  ],
  [
    "two invokes in a row",
    damaged(4, event(4, { type: "invoke" })),
    "h:4: process 0 invokes write while its write of index 0 is open",
  ],
  [
    "a completion without invoke",
    damaged(4, event(4, { process: 3 })),
    "h:4: ok of process 3, which has no operation open",
  ],
  [
    "a process used after info",
    damaged(6, event(6, { process: 1 })),
    "h:6: process 1 is used again after its info at index 4",
  ],
  [
    "a completion of something else",
    damaged(4, event(4, { f: "read" })),
    "h:4: process 0 completes read of r0, but invoked write of r0 at index 0",
  ],
  [
    "another key",
    damaged(4, event(4, { key: "r1" })),
    "h:4: process 0 completes write of r1, but invoked write of r0 at index 0",
  ],
  [
    "a fault invoked",
    damaged(3, event(3, { type: "invoke" })),
    "h:3: invoke by the nemesis: faults are info",
  ],
  [
    "an endless line",
    damaged(3, "x".repeat(MAX_LINE_BYTES + 1)),
    `h:3: a line of more than ${MAX_LINE_BYTES} bytes`,
  ],
])("names the line and the reason: %s", async (_name, text, message) => {
  expect(() => parseHistory(text, "h")).toThrow(HistoryError);
  expect(() => parseHistory(text, "h")).toThrow(message);
  await expect(readHistory(Readable.from([Buffer.from(text)]), "h")).rejects.toThrow(message);
});

test("bytes that are no text are damage", async () => {
  const bytes = Buffer.concat([Buffer.from(`${LINES[0]}\n`), Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])]);
  await expect(readHistory(Readable.from([bytes]), "h")).rejects.toThrow("h:2: not JSON");
});

test("a history without operations is an error of its own", async () => {
  const fault = JSON.stringify({ index: 0, time: 1, process: "nemesis", type: "info", f: "process.kill" });
  for (const text of ["", `${fault}\n`, '{"index":0,"ti']) {
    expect(() => parseHistory(text, "h")).toThrow(new EmptyHistoryError("h"));
    await expect(readHistory(Readable.from([Buffer.from(text)]), "h")).rejects.toThrow(EmptyHistoryError);
  }
});

test("a file that is not there", async () => {
  await expect(readHistory("/nowhere/history.jsonl")).rejects.toThrow("/nowhere/history.jsonl: no such file");
  await expect(readHistory("/")).rejects.toThrow(HistoryError);
});

test("one byte changed anywhere never makes a crash, only a history or a HistoryError", () => {
  const bytes = Buffer.from(TEXT);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(bytes);
      changed[at] = byte;
      try {
        expect(parseHistory(changed.toString()).events.length).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof HistoryError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
