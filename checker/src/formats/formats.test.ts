import { expect, test } from "vitest";
import { FormatError } from "./format-error.js";
import { parseKnossosEdn } from "./knossos-edn.js";
import { parsePorcupineLog } from "./porcupine-log.js";

const log = (...rows: readonly string[]): string =>
  rows
    .map((row) => `INFO  jepsen.util - ${row.replaceAll(" :", "\t:").replace(/ (\S+|\[.*\])$/, "\t$1")}\n`)
    .join("");

test("a log: failed cas happened, failed read did not, info stays open", () => {
  const text = log(
    "0 :invoke :cas [1 2]",
    ":nemesis :info :start nil",
    "1 :invoke :read nil",
    "0 :fail :cas [1 2]",
    "1 :ok :read nil",
    "2 :invoke :write 3",
    "1 :invoke :read nil",
    "2 :info :write :timed-out",
    "1 :fail :read :timed-out",
  );
  expect(parsePorcupineLog(`INFO  jepsen.core - Worker 3 starting\n${text}`)).toEqual([
    {
      process: 0,
      id: 2,
      call: 0,
      return: 2,
      input: { f: "cas", from: 1, to: 2 },
      output: { succeeded: false },
    },
    { process: 1, id: 4, call: 1, return: 3, input: { f: "read" }, output: { value: null } },
    { process: 2, id: 7, call: 4, input: { f: "write", value: 3 } },
  ]);
});

test("EDN: what failed did not happen, nil is a value not recorded", () => {
  const text = `[{:process 0, :type :invoke, :f :cas, :value [1 2]} ; a comment
    {:process :nemesis, :type :info, :f :start}
    {:process 0, :type :fail, :f :cas, :value [1 2]}
    {:process 0, :type :invoke, :f :write, :value 4} {:process 1, :type :invoke, :f :read, :value nil}
    {:process 1, :type :ok, :f :read, :value nil} {:process 1, :type :invoke, :f :read, :value nil}
    {:process 1, :type :ok, :f :read, :value 4}]`;
  expect(parseKnossosEdn(text)).toEqual([
    { process: 1, id: 7, call: 5, return: 6, input: { f: "read" }, output: { value: 4 } },
    { process: 0, id: 4, call: 2, input: { f: "write", value: 4 } },
  ]);
});

test.each<[() => unknown, string]>([
  [() => parsePorcupineLog(""), "no operations"],
  [() => parsePorcupineLog(log("0 :invoke :read nil", "0 :ok :raed 3")), "line 2: not an operation"],
  [() => parsePorcupineLog(`${log("0 :invoke :read nil")}INFO  jepsen.ut`), "line 2: not an operation"],
  [
    () => parsePorcupineLog(log("0 :invoke :read nil", "0 :invoke :read nil")),
    "line 2: process 0 invokes while",
  ],
  [() => parsePorcupineLog(log("0 :ok :read nil")), "line 1: ok of a read that process 0 has not open"],
  [() => parsePorcupineLog(log("0 :invoke :write nil", "0 :ok :write nil")), "line 1: write of null"],
  [
    () => parsePorcupineLog(log("0 :invoke :write 1", "0 :info :write :timed-out", "0 :invoke :read nil")),
    "line 3: process 0 invokes while its write of line 1 is open",
  ],
  [() => parseKnossosEdn("[]"), "no operations"],
  [() => parseKnossosEdn("{:a 1}"), "event 1: no :process"],
  [() => parseKnossosEdn("[{:process 1, :type :invoke, :f :read}"), "not EDN"],
  [() => parseKnossosEdn("[] trailing"), "event 1: no :process"],
  [() => parseKnossosEdn("[{:process 1, :type :invoke, :f :acquire}]"), "event 1: unknown :f acquire"],
  [() => parseKnossosEdn("[{:process 1, :type :done, :f :read}]"), "event 1: unknown :type done"],
  [() => parseKnossosEdn("[7]"), "event 1: expected a map"],
  [() => parseKnossosEdn("[{:process 1, :type :invoke, :f :write, :value [1 2 3]}]"), "event 1: a :value"],
])("bad input is told with its place: %#", (parse, message) => {
  expect(parse).toThrow(FormatError);
  expect(parse).toThrow(message);
});
