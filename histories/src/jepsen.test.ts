import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HistoryEvent } from "./event.js";
import { type ForeignOptions, readForeignHistory, toEdn } from "./jepsen.js";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gauntlet-jepsen-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const OURS: ForeignOptions = { independent: true, nil: "absent" };

async function read(text: string, options: ForeignOptions, name = "history.edn") {
  const path = join(directory, name);
  await writeFile(path, text);
  return readForeignHistory(path, options);
}

const HISTORY: readonly HistoryEvent[] = [
  { index: 0, time: 5, process: 0, type: "invoke", f: "write", key: "r0", value: "1", node: "n1" },
  { index: 1, time: 6, process: 1, type: "invoke", f: "read", key: "r0", node: "n2" },
  { index: 2, time: 7, process: 0, type: "ok", f: "write", key: "r0", value: "1", node: "n1" },
  { index: 3, time: 8, process: 1, type: "ok", f: "read", key: "r0", value: null, node: "n2" },
  { index: 4, time: 9, process: 1, type: "invoke", f: "cas", key: "r0", value: ["1", "2"], node: "n2" },
  {
    index: 5,
    time: 10,
    process: 1,
    type: "info",
    f: "cas",
    key: "r0",
    value: ["1", "2"],
    node: "n2",
    error: { code: "unavailable", message: "gone" },
  },
];

const edn = (events: readonly HistoryEvent[], withKeys = true): string =>
  events.map((event) => toEdn(event, { withKeys })).join("");

describe("toEdn", () => {
  test("a key and its value are a pair, as of Jepsen's independent keys; of one key alone they are plain", () => {
    const [write] = HISTORY;
    if (write === undefined) throw new Error("there is a write");
    expect(edn([write])).toBe(
      '{:index 0 :time 5 :type :invoke :process 0 :f :write :value ["r0" "1"] :node "n1"}\n',
    );
    expect(edn([write], false)).toContain(':value "1"');
  });

  test("a compare-and-set that found another value did not take place: fail", () => {
    const cas = {
      index: 0,
      time: 1,
      process: 0,
      type: "ok",
      f: "cas",
      key: "r0",
      value: ["1", "2"],
      succeeded: false,
    } as const;
    expect(edn([cas])).toContain(":type :fail");
    expect(edn([{ ...cas, succeeded: true }])).toContain(":type :ok");
  });
});

describe("readForeignHistory", () => {
  test("what was written as EDN is the same history again", async () => {
    const { format, events } = await read(edn(HISTORY), OURS);
    expect(format).toBe("edn");
    expect(events).toEqual(HISTORY);
  });

  test("a read of nil that says nothing is info, and its process another one from then on", async () => {
    const text = [
      "{:process 0 :type :invoke :f :read :value nil}",
      "{:process 0 :type :ok :f :read :value nil}",
      "{:process 0 :type :invoke :f :write :value 3}",
      "{:process 0 :type :ok :f :write :value 3}",
    ].join("\n");
    const { events } = await read(text, { independent: false, nil: "unknown" });
    expect(events.map(({ process, type }) => [process, type])).toEqual([
      [0, "invoke"],
      [0, "info"],
      [1, "invoke"],
      [1, "ok"],
    ]);
  });

  test("times that are missing or go back leave the order", async () => {
    const text = [
      "{:process 0 :type :invoke :f :write :value 1 :time 20}",
      "{:process 1 :type :invoke :f :write :value 2 :time 10}",
      "{:process :nemesis :type :info :f :kill :value nil :time 30}",
    ].join("\n");
    const { events } = await read(text, { independent: false, nil: "absent" });
    expect(events.map(({ index, time, process }) => [index, time, process])).toEqual([
      [0, 20, 0],
      [1, 20, 1],
      [2, 30, "nemesis"],
    ]);
  });

  test("damage is told with file and line", async () => {
    await expect(read("{:process 0 :type :invoke :f :write :value 1}\n{:process 0", OURS)).rejects.toThrow(
      /history\.edn/,
    );
    await expect(readForeignHistory(join(directory, "none"), OURS)).rejects.toThrow(/no such file/);
  });
});
