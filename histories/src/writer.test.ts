import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HistoryEvent } from "./event.js";
import { readHistory } from "./reader.js";
import { HistoryWriter, type UnstampedEvent } from "./writer.js";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "histories-"));
  path = join(directory, "history.jsonl");
});

afterEach(() => rm(directory, { recursive: true }));

function counter(): () => number {
  let time = 0;
  return () => (time += 3);
}

const INVOKE: UnstampedEvent = { process: 0, type: "invoke", f: "read", key: "r0" };
const OK: UnstampedEvent = { ...INVOKE, type: "ok", value: "1", revision: 7 };

test("stamps index and time at once, and writes in order", async () => {
  const writer = await HistoryWriter.create(path, counter());
  expect(writer.record(INVOKE)).toEqual({ ...INVOKE, index: 0, time: 3 });
  expect(writer.record(OK)).toEqual({ ...OK, index: 1, time: 6 });
  await writer.close();
  expect(await readFile(path, "utf8")).toBe(
    '{"index":0,"time":3,"process":0,"type":"invoke","f":"read","key":"r0"}\n' +
      '{"index":1,"time":6,"process":0,"type":"ok","f":"read","key":"r0","value":"1","revision":7}\n',
  );
});

test("appends while the run goes on, and flush waits for the disk", async () => {
  const writer = await HistoryWriter.create(path, counter());
  writer.record(INVOKE);
  await writer.flush();
  expect((await readHistory(path)).events).toHaveLength(1);
  writer.record(OK);
  await expect.poll(async () => (await readHistory(path)).events.length).toBe(2);
  await writer.close();
});

test("what comes while a batch is being written follows it", async () => {
  const writer = await HistoryWriter.create(path, counter());
  const recorded: HistoryEvent[] = [];
  for (let i = 0; i < 300; i++) {
    recorded.push(writer.record(i % 2 === 0 ? INVOKE : OK));
    if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.close();
  expect(await readHistory(path)).toEqual({ events: recorded, truncated: false });
});

test("refuses what breaks the format, and records on as if it had not been tried", async () => {
  const writer = await HistoryWriter.create(path, counter());
  expect(() => writer.record(OK)).toThrow(
    "event 0 cannot be recorded: ok of process 0, which has no operation open",
  );
  writer.record(INVOKE);
  expect(() => writer.record(INVOKE)).toThrow("process 0 invokes read while its read of index 0 is open");
  expect(() => writer.append({ ...OK, index: 4, time: 100 } as HistoryEvent)).toThrow(
    "index 4 where 1 comes next",
  );
  expect(() => writer.append({ ...OK, index: 1, time: 2.5 } as HistoryEvent)).toThrow(
    "not whole nanoseconds",
  );
  writer.record(OK);
  await writer.close();
  expect((await readHistory(path)).events).toHaveLength(2);
  expect(() => writer.record(INVOKE)).toThrow("the history is closed");
});

test("an existing file is never written over", async () => {
  await (await HistoryWriter.create(path, counter())).close();
  await expect(HistoryWriter.create(path, counter())).rejects.toThrow("EEXIST");
});

test("a disk that refuses stops the run", async () => {
  // Answers every write with ENOSPC.
  const failing = new HistoryWriter(await open("/dev/full", "a"), counter());
  failing.record(INVOKE);
  await expect(failing.flush()).rejects.toThrow("cannot write the history: ENOSPC");
  expect(() => failing.record(OK)).toThrow("cannot write the history");
  await expect(failing.close()).rejects.toThrow("ENOSPC");
});

test("a recorder that is killed leaves what it recorded before", async () => {
  const script = `
    const { HistoryWriter } = await import(${JSON.stringify(new URL("../dist/writer.js", import.meta.url).href)});
    const writer = await HistoryWriter.create(${JSON.stringify(path)}, () => Number(process.hrtime.bigint()));
    for (let process_ = 0; ; process_++) {
      writer.record({ process: process_, type: "invoke", f: "read" });
      await new Promise((resolve) => setTimeout(resolve, process_ === 500 ? 200 : 0));
      if (process_ === 500) console.log("recorded 500, 200 ms ago");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const { events } = await readHistory(path);
  expect(events.length).toBeGreaterThanOrEqual(500);
});

test("what is written is what is read", async () => {
  const text = fc.string({ unit: "binary" });
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          key: text,
          value: fc.jsonValue(),
          extra: text,
          type: fc.constantFrom("ok" as const, "fail" as const, "info" as const),
        }),
      ),
      fc.uuid(),
      async (operations, name) => {
        const file = join(directory, name);
        const writer = await HistoryWriter.create(file, counter());
        const recorded = operations.flatMap(({ key, value, extra, type }, process) => [
          writer.record({ process, type: "invoke", f: "op", key, value, extra }),
          writer.record({
            process,
            type,
            f: "op",
            key,
            value: [value],
            node: "n1",
            revision: 3,
          }),
        ]);
        await writer.close();
        if (recorded.length === 0) return;
        // JSON has no -0.
        expect((await readHistory(file)).events).toEqual(JSON.parse(JSON.stringify(recorded)));
      },
    ),
    { numRuns: 60 },
  );
});
