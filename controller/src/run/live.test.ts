import type { HistoryEvent, UnstampedEvent } from "@gauntlet/histories";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test, vi } from "vitest";
import { LiveCheck, ViolationSeen } from "./live.js";

function sink(): { record(event: UnstampedEvent): HistoryEvent; readonly events: HistoryEvent[] } {
  const events: HistoryEvent[] = [];
  return {
    events,
    record: (event) => {
      const stamped = { index: events.length, time: events.length, ...event } as HistoryEvent;
      events.push(stamped);
      return stamped;
    },
  };
}

const READ = { f: "read", key: "r0" } as const;
const WRITE = { f: "write", key: "r0", value: "1" } as const;
const STALE: readonly UnstampedEvent[] = [
  { process: 0, type: "invoke", ...WRITE },
  { process: 0, type: "ok", ...WRITE },
  { process: 1, type: "invoke", ...READ },
  { process: 1, type: "ok", ...READ, value: null },
];

test("a violation ends the watch, and every event is recorded all the same", async () => {
  const recorded = sink();
  const live = new LiveCheck(recorded, { workload: "register", log: () => undefined });
  const watched = live.watch(new AbortController().signal);
  for (const event of STALE) live.record(event);
  await expect(watched).rejects.toThrow(ViolationSeen);
  expect(recorded.events.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  await live.close();
});

test("a violation of another check than those that count does not", async () => {
  const live = new LiveCheck(sink(), {
    workload: "register",
    detectors: ["revisions"],
    log: () => undefined,
  });
  for (const event of STALE) live.record(event);
  await live.watch(AbortSignal.timeout(1_000));
  const back = { process: 2, type: "invoke", ...READ } as const;
  for (const revision of [9, 8]) {
    live.record(back);
    live.record({ ...back, type: "ok", value: "1", revision });
  }
  await expect(live.watch(new AbortController().signal)).rejects.toThrow(/answered revision 8/);
  await live.close();
});

test("a check that breaks is given up and told, and the recording goes on", async () => {
  const recorded = sink();
  const lines: string[] = [];
  const live = new LiveCheck(recorded, { workload: "register", log: (line) => lines.push(line) });
  live.record({ process: 0, type: "ok", ...READ, value: "1" });
  // The thread starts first, which on a busy machine takes seconds.
  await vi.waitFor(() => expect(lines).toEqual([expect.stringContaining("given up")]), { timeout: 30_000 });
  live.record({ process: 1, type: "invoke", ...READ });
  expect(recorded.events).toHaveLength(2);
});

test("a process that waits for the thread alone lives until it is up, and then ends by itself", async () => {
  const compiled = fileURLToPath(new URL("../../dist/run/live.js", import.meta.url));
  const script = [
    `import { LiveCheck } from ${JSON.stringify(compiled)};`,
    `const live = new LiveCheck({}, { workload: "register", log: () => undefined });`,
    `await live.ready();`,
    `console.log("ready");`,
  ].join("\n");
  const { exitCode, stdout } = await execa(process.execPath, ["--input-type=module", "--eval", script], {
    reject: false,
    timeout: 50_000,
  });
  expect([exitCode, stdout]).toEqual([0, "ready"]);
});
