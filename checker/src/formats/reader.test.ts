import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RecordedEvent } from "./event.js";
import { FormatError } from "./format-error.js";
import { HistoryReader, readHistory, readHistoryStream } from "./reader.js";

const plain = (event: RecordedEvent): object => ({ ...event, fields: undefined });
const lines = (...events: readonly object[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join("");

const RIG = lines(
  { index: 0, time: 10, process: 0, type: "invoke", f: "write", key: "r0", value: "ä1", node: "n1" },
  { index: 1, time: 11, process: "nemesis", type: "info", f: "process.kill", value: { nodes: ["n3"] } },
  { index: 2, time: 20, process: 0, type: "ok", f: "write", key: "r0", value: "ä1", revision: 2 },
  { index: 3, time: 21, process: 1, type: "invoke", f: "read", key: "r0" },
);
const EDN = `; recorded by hand
[{:process 0, :type :invoke, :f :cas, :value [1 2], :time 5}
 {:process :nemesis, :type :info, :f :start, :value #{"n1" "n2"}}
 #jepsen.history.Op{:index 7, :jepsen/process 3, :type :invoke :f :read}]`.replace(":index 7, ", "");
const LOG = `INFO  jepsen.core - Worker 3 starting
INFO  jepsen.util - 3\t:invoke\t:cas\t[1 -2]
INFO  jepsen.util - :nemesis\t:info\t:start\tCut off [:n1]
INFO  jepsen.util - 3\t:info\t:cas\t:timed-out
INFO  jepsen.util - 0\t:invoke\t:read\tnil\n`;

test("JSON lines: the rig's fields, and all others", () => {
  const { format, events, notes } = readHistory(RIG);
  expect({ format, notes }).toEqual({ format: "jsonl", notes: [] });
  expect(events.map(plain)).toEqual([
    { line: 1, index: 0, time: 10, process: 0, type: "invoke", f: "write", key: "r0", value: "ä1" },
    {
      line: 2,
      index: 1,
      time: 11,
      process: "nemesis",
      type: "info",
      f: "process.kill",
      value: { nodes: ["n3"] },
    },
    { line: 3, index: 2, time: 20, process: 0, type: "ok", f: "write", key: "r0", value: "ä1" },
    { line: 4, index: 3, time: 21, process: 1, type: "invoke", f: "read", key: "r0", value: null },
  ]);
  expect(events[2]?.fields["revision"]).toBe(2);
});

test("a JSON array, however it is laid out", () => {
  const objects = RIG.trimEnd().split("\n");
  const { format, events } = readHistory(`[\n${objects.join(",")}\n]\n`);
  expect(format).toBe("json");
  expect(events.map((event) => ({ ...plain(event), line: 0 }))).toEqual(
    readHistory(RIG).events.map((event) => ({ ...plain(event), line: 0 })),
  );
  expect(events.map(({ line }) => line)).toEqual([2, 2, 2, 2]);
});

test("EDN: comments, tags, namespaces, sets; in a vector, in a list, one after the other", () => {
  const { format, events, notes } = readHistory(EDN);
  expect({ format, notes }).toEqual({ format: "edn", notes: [] });
  expect(events.map(plain)).toEqual([
    { line: 2, index: 0, process: 0, type: "invoke", f: "cas", value: [1, 2], time: 5 },
    { line: 3, index: 1, process: "nemesis", type: "info", f: "start", value: ["n1", "n2"] },
    { line: 4, index: 2, process: 3, type: "invoke", f: "read", value: null },
  ]);
  for (const other of [
    EDN.replace("[{", "({").replace(/\]$/, ")"),
    EDN.replace("[{", "{").replace(/\]$/, ""),
  ])
    expect(readHistory(other).events).toEqual(events);
});

test("Jepsen's log: other loggers are passed over, :timed-out is no value", () => {
  const { format, events } = readHistory(LOG);
  expect(format).toBe("log");
  expect(events.map(plain)).toEqual([
    { line: 2, index: 0, process: 3, type: "invoke", f: "cas", value: [1, -2] },
    { line: 3, index: 1, process: "nemesis", type: "info", f: "start", value: "Cut off [:n1]" },
    { line: 4, index: 2, process: 3, type: "info", f: "cas", value: null },
    { line: 5, index: 3, process: 0, type: "invoke", f: "read", value: null },
  ]);
});

test("events that name no process are those of one", () => {
  const { events, notes } = readHistory("{:type :invoke :value [[:r 1 nil]]} {:type :ok :value [[:r 1 2]]}");
  expect(events.map(({ process, f }) => [process, f])).toEqual([
    [0, "txn"],
    [0, "txn"],
  ]);
  expect(notes).toEqual(["no event names its process: all are taken for one, in the order recorded"]);
});

test("faults alone are a history in EDN, with a note", () => {
  const { events, notes } = readHistory("[{:process :nemesis :type :info :f :kill}]");
  expect(events).toHaveLength(1);
  expect(notes).toEqual(["there are no operations in it, only faults"]);
});

test("the same however the bytes are cut", async () => {
  for (const text of [RIG, `[${RIG.trimEnd().replaceAll("\n", ",\n")}]`, EDN, LOG]) {
    const bytes = new TextEncoder().encode(text);
    const whole = readHistory(bytes);
    for (const size of [1, 2, 7, 64]) {
      const reader = new HistoryReader();
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      expect(reader.finish()).toEqual(whole);
    }
    const pieces = (async function* () {
      yield bytes.subarray(0, 5);
      yield bytes.subarray(5);
    })();
    expect(await readHistoryStream(pieces)).toEqual(whole);
  }
});

test("a last event that was cut is left out, and a note says so", () => {
  const note = "the last event was cut (the recorder died as it wrote?) and is left out";
  const bytes = new TextEncoder().encode(RIG);
  const lastLine = RIG.lastIndexOf("\n", RIG.length - 2) + 1 + (bytes.length - RIG.length);
  for (let end = lastLine + 1; end < bytes.length - 1; end++) {
    const { events, notes } = readHistory(bytes.subarray(0, end));
    expect(events).toHaveLength(3);
    expect(notes).toEqual([note]);
  }
  expect(readHistory(RIG.trimEnd())).toEqual(readHistory(RIG));
  const sequence = "{:process 0 :type :invoke :f :read}\n{:process 1 :type :inv";
  expect(readHistory(sequence)).toMatchObject({ events: [{ process: 0 }], notes: [note] });
  expect(readHistory(LOG.slice(0, -4))).toMatchObject({ events: { length: 3 }, notes: [note] });
  expect(readHistory(LOG.slice(0, -1)).notes).toEqual(["the last line has no newline; it is taken as whole"]);
});

test("no bytes make a reader throw anything but FormatError", () => {
  const formats = [undefined, "jsonl", "json", "edn", "log"] as const;
  const read = (bytes: Uint8Array, format: (typeof formats)[number]): void => {
    const problem = thrownBy(() => readHistory(bytes, { format }));
    expect(problem === undefined || problem instanceof FormatError).toBe(true);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...formats), read), {
    numRuns: 1000,
  });
  // Text of the characters that matter reaches deeper.
  const tokens = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    '"',
    "\\",
    ":",
    ",",
    ";",
    "#",
    "#_",
    "#{",
    "#a",
    "##Inf",
    "1/2",
    "9007199254740993",
    "\n",
    " ",
    "1",
    "nil",
    ":type",
    ":invoke",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...tokens)), fc.constantFrom(...formats), (parts, format) =>
      read(new TextEncoder().encode(parts.join("")), format),
    ),
    { numRuns: 3000 },
  );
  for (const text of [RIG, EDN, LOG]) {
    const bytes = new TextEncoder().encode(text);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.constantFrom(...formats), (at, byte, format) => {
        const changed = bytes.slice();
        changed[at] = byte;
        read(changed, format);
      }),
      { numRuns: 1000 },
    );
  }
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
