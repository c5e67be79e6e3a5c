import { expect, test } from "vitest";
import { FormatError } from "./format-error.js";
import { MAX_EVENT_LENGTH } from "./lines.js";
import { readHistory } from "./reader.js";

const event = (fields: object): string =>
  `${JSON.stringify({ process: 0, type: "invoke", f: "read", ...fields })}\n`;
const INVOKE = event({});
const log = (...rows: readonly string[]): string =>
  rows.map((row) => `INFO  jepsen.util - ${row}\n`).join("");

test.each<[name: string, text: string, message: string]>([
  ["an empty file", "", "the file is empty; record a history first"],
  ["white space", " \n\n", "the file is empty; record a history first"],
  ["a comment", "; nothing yet\n", "the file is empty"],
  ["another kind of file", "\nname,age\n", 'line 2: "name,age" begins no history; formats are JSON lines'],
  ["binary data", "{\0\0", "line 1: binary data (a NUL byte); give a text file"],
  ["faults alone", event({ process: "nemesis", type: "info" }), "there are no operations in it; record"],
  ["a cut line alone", INVOKE.slice(0, 20), "there are no operations in it; record"],
  ["not JSON", `${INVOKE}{oops}\n`, 'line 2: not JSON: "{oops}"; each line is one event'],
  ["a last line that is no event", `${INVOKE}oops`, 'line 2: not JSON: "oops"'],
  ["an empty line", `${INVOKE}\n${INVOKE}`, "line 2: an empty line; each line is one event"],
  [
    "pretty-printed",
    '{\n  "process": 0\n}\n',
    'line 1: not JSON: "{"; each line is one event, a whole JSON object (jq -c',
  ],
  [
    "an endless line",
    `${INVOKE}{"${"x".repeat(MAX_EVENT_LENGTH)}`,
    "line 2: an event of more than 8 MiB; write one",
  ],
  ["a long line", `${INVOKE}"${"x".repeat(MAX_EVENT_LENGTH)}"\n`, "line 2: an event of more than 8 MiB"],
  [
    "deep nesting",
    `{"value":${"[".repeat(100_000)}\n`,
    "line 1: nested deeper than 64; an event is a flat map",
  ],
  ["deep nesting of an array", "[".repeat(1000), "line 1: nested deeper than 64"],
  [
    "a key twice",
    event({}).replace('"type"', '"process":1,"type"'),
    'line 1: the key "process" appears twice',
  ],
  [
    "a key twice, within",
    event({ value: 0 }).replace(":0}", ':{"a":{"b\\"":1,"b\\"":2}}}'),
    'line 1: the key "b\\"" appears twice',
  ],
  [
    "a key twice, written otherwise",
    event({}).replace('"type"', '"pr\\u006fcess":1,"type"'),
    'the key "process" appears twice',
  ],
  ["no map", `${INVOKE}17\n`, 'line 2: "17" where an event is due; an event is a map'],
  ["no type", event({ type: undefined }), "line 1: no type; an event is an invoke, ok, fail or info"],
  ["an unknown type", event({ type: "done" }), 'line 1: type "done"; an event is an invoke'],
  ["no function", event({ f: undefined }), "line 1: no f; f names the operation"],
  [
    "an unknown process",
    event({ process: "bob" }),
    'line 1: unknown process "bob"; a process is an integer, or "nemesis"',
  ],
  ["half a process", event({ process: 1.5 }), 'line 1: unknown process "1.5"'],
  [
    "no process",
    INVOKE + event({ process: undefined }),
    "line 2: no process; name it in all events, or in none",
  ],
  [
    "a number too large",
    event({ value: [1, 2 ** 53] }),
    "line 1: the number 9007199254740992, which is not exact beyond 2^53; record it as a string",
  ],
  [
    "a number without end",
    '{"process":0,"type":"invoke","f":"write","value":1e400}\n',
    "line 1: the number Infinity, which is no value",
  ],
  ["an index that is none", event({ index: -1 }), 'line 1: index "-1"; count events from 0'],
  ["a time that is none", event({ time: "noon" }), 'line 1: time "noon"; give nanoseconds'],
  [
    "a gap",
    event({ index: 0 }) + event({ index: 2, process: 1 }),
    "line 2: index 2 where 1 comes next; lines are missing",
  ],
  [
    "an index twice",
    event({ index: 1 }) + event({ index: 1, process: 1 }),
    "line 2: index 1 after 1; sort the events",
  ],
  [
    "an index now and then",
    event({ index: 0 }) + event({ process: 1 }),
    "line 2: no index; number all events, or none",
  ],
  [
    "time that goes back",
    event({ time: 2 }) + event({ time: 1, process: 1 }),
    "line 2: time 1 goes back, the event before has 2; order",
  ],
  [
    "two open operations",
    INVOKE + INVOKE,
    "line 2: process 0 invokes read while its read of line 1 is open; a process has one",
  ],
  [
    "a return without a call",
    event({ type: "ok" }),
    "line 1: ok of read, but process 0 has no operation open; a completion needs",
  ],
  [
    "a return of something else",
    INVOKE + event({ type: "ok", f: "write" }),
    "line 2: ok of write, but process 0 invoked read on line 1",
  ],
  [
    "a return of another key",
    event({ key: "a" }) + event({ type: "ok", key: "b" }),
    "line 2: ok of read of b, but process 0 invoked read of a on line 1",
  ],
  [
    "a process used after info",
    INVOKE + event({ type: "info" }) + INVOKE,
    "line 3: process 0 is used again after its info on line 2; what it called",
  ],
  [
    "an array that is cut",
    `[${INVOKE}`,
    'line 2: the end of the file, and no "]" that closes it; the file was cut',
  ],
  ["an array without a comma", `[${INVOKE}${INVOKE}]`, "line 2: not JSON: no comma between two events"],
  ["an array with a comma too many", `[${INVOKE},]`, "line 2: not JSON: a comma with no event beside it"],
  [
    "a bracket of another kind",
    "[{:process 0 :type :invoke :f :read]}",
    'line 1: "]" where "}" is due; repair the brackets',
  ],
  [
    "more after the end",
    "[{:process 0 :type :invoke :f :read}] 7",
    'line 1: "7" after the end; give one history',
  ],
  ["a vector of no maps", "[:a]", 'line 1: "a" where an event is due'],
  ["half a map", "[{:process 0 :type\n :invoke :f}]", "line 2: not EDN: a map whose last key has no value"],
  [
    "an EDN key twice",
    "[{:process 0 :process 1}]",
    'line 1: not EDN: the key "process" appears twice in one map; keep',
  ],
  ["an EDN key in two namespaces", "[{:a/f 0 :b/f 1}]", "line 1: the key f appears in two namespaces"],
  [
    "an EDN number too large",
    "[{:process 0 :type :invoke :f :write :value 9007199254740993}]",
    "line 1: the number 9007199254740993, which is not exact",
  ],
  ["a log line that is none", log("0 :invoke :read nil", "0 :ok :raed 3"), "line 2: not an operation: "],
  ["a log value that is none", log("0 :invoke :write x"), "line 1: not an operation: "],
])("bad input is told with place and remedy: %s", (_, text, message) => {
  expect(() => readHistory(text)).toThrow(FormatError);
  expect(() => readHistory(text)).toThrow(message);
});

test.each<[name: string, bytes: readonly number[], message: string]>([
  [
    "bytes that are no text",
    [0x7b, 0x0a, 0x22, 0xff, 0xfe],
    "line 2: bytes that are no UTF-8 text; give a text file",
  ],
  ["gzip", [0x1f, 0x8b, 8, 0], "this is gzip; unpack it first (gunzip -c FILE | porcupine check -)"],
  ["UTF-16", [0xff, 0xfe, 0x7b, 0], "this is UTF-16; convert it first"],
])("bytes: %s", (_, bytes, message) => {
  expect(() => readHistory(Uint8Array.from(bytes))).toThrow(message);
});

test("a time that goes back is no harm where events are numbered, nor in EDN, whose order Jepsen keeps", () => {
  const numbered = event({ index: 0, time: 2 }) + event({ index: 1, time: 1, process: 1 });
  expect(readHistory(numbered).events).toHaveLength(2);
  const edn = "{:process 0 :type :invoke :f :read :time 2} {:process 1 :type :invoke :f :read :time 1}";
  expect(readHistory(edn).events).toHaveLength(2);
});
