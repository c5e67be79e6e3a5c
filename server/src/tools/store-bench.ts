/*
 * What the store costs: node --expose-gc server/dist/tools/store-bench.js [keys] [value bytes] [directory]
 * Applies a put of each key, then again one of some; writes a checkpoint into LMDB, sends an image of it and loads
 * both back; says how long each took and how long the event loop stood still meanwhile, at most.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { etcdserverpb as pb, gauntletpeer } from "@gauntlet/proto";
import { configurationOf } from "../raft/configuration.js";
import { nodeClock } from "../runtime/clock.js";
import { lmdbStates } from "../runtime/lmdb-states.js";
import { KvStore, encodeImage, loadState, receiveImage } from "../store/index.js";

const MIB = 1024 * 1024;
const keys = Number(process.argv[2] ?? 1_000_000);
const valueBytes = Number(process.argv[3] ?? 1024);
const directory = await mkdtemp(join(process.argv[4] ?? tmpdir(), "gauntlet-store-bench-"));

/** A thread that does nothing but look at the time: how long the machine itself keeps one waiting. */
const idle = new Float64Array(new SharedArrayBuffer(8));
const idler = new Worker(
  `const { workerData } = require("node:worker_threads");
   let last = performance.now();
   setInterval(() => {
     const now = performance.now();
     workerData[0] = Math.max(workerData[0], now - last - 1);
     last = now;
   }, 1);`,
  { eval: true, workerData: idle },
);

const gc = { longestMs: 0, count: 0 };
const gcObserver = new PerformanceObserver((list) => take(list.getEntries()));
gcObserver.observe({ entryTypes: ["gc"] });

function take(entries: readonly { readonly duration: number }[]): void {
  for (const { duration } of entries) {
    gc.longestMs = Math.max(gc.longestMs, duration);
    gc.count += 1;
  }
}

const value = Buffer.alloc(valueBytes, "v");

function put(at: number): Uint8Array {
  // As keys of people are: long alike beginnings, in no order.
  const key = Buffer.from(`/registry/things/${(Math.imul(at, 2_654_435_761) >>> 0).toString(16)}-${at}`);
  value.writeUInt32LE(at, 0);
  const request = pb.PutRequest.encode({ key, value }).finish();
  return gauntletpeer.Command.encode({ origin: 1, request_id: at, put: request }).finish();
}

/** Of the main thread alone: a turn's share of it does not grow when the machine has others to serve. */
function cpuMs(): number {
  return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[0]) / 1e6;
}

/** Runs `work` and says how long it took, and what held up the event loop meanwhile. */
async function measured<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
  // What was collected before, by memory() too, is told in a later turn.
  await setTimeout(50);
  take(gcObserver.takeRecords());
  Object.assign(gc, { longestMs: 0, count: 0 });
  idle[0] = 0;
  let [longestTurnMs, longestCpuMs] = [0, 0];
  let [last, lastCpu] = [performance.now(), cpuMs()];
  let running = true;
  // A turn after another: what lies between two is the longest that anything else could have had to wait.
  const tick = () => {
    const now = performance.now();
    longestTurnMs = Math.max(longestTurnMs, now - last);
    last = now;
    const cpu = cpuMs();
    longestCpuMs = Math.max(longestCpuMs, cpu - lastCpu);
    lastCpu = cpu;
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  const began = performance.now();
  const result = await work();
  const tookMs = performance.now() - began;
  running = false;
  longestTurnMs = Math.max(longestTurnMs, performance.now() - last);
  longestCpuMs = Math.max(longestCpuMs, cpuMs() - lastCpu);
  await setTimeout(50);
  take(gcObserver.takeRecords());
  console.log(
    `${what}: ${(tookMs / 1000).toFixed(2)} s, longest turn ${longestTurnMs.toFixed(1)} ms (${longestCpuMs.toFixed(1)} of CPU), ` +
      `longest gc ${gc.longestMs.toFixed(1)} ms of ${gc.count}; ` +
      `an idle thread waited ${idle[0]?.toFixed(1)} ms`,
  );
  return result;
}

function memory(): { readonly heap: number; readonly external: number; readonly rss: number } {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, rss };
}

/** In turns of some puts each, as a busy member's are. */
async function applyAll(store: KvStore, from: number, to: number): Promise<number> {
  let applyingMs = 0;
  for (let at = from; at < to; ) {
    const batch: Uint8Array[] = [];
    for (; batch.length < 500 && at < to; at++) batch.push(put(at));
    const began = performance.now();
    for (const data of batch) store.applyCommand(data);
    applyingMs += performance.now() - began;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return applyingMs;
}

async function* timed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    yield chunk;
  }
}

const before = memory();
const store = new KvStore();
const warm = new KvStore();
await applyAll(warm, 0, 20_000);
const applyingMs = await measured("puts of new keys", () => applyAll(store, 0, keys));
const after = memory();
console.log(`  ${((applyingMs / keys) * 1000).toFixed(2)} us a put`);
const each = (bytes: number) => Math.round(bytes / keys);
console.log(
  `  a key: heap ${each(after.heap - before.heap)}, external ${each(after.external - before.external)}, ` +
    `rss ${each(after.rss - before.rss)}; by sizes() ${each(store.sizes().bytes)} bytes`,
);
const again = Math.min(keys, 200_000);
const rewritingMs = await measured("puts of keys that are there", () => applyAll(store, 0, again));
console.log(`  ${((rewritingMs / again) * 1000).toFixed(2)} us a put`);

const states = lmdbStates(directory);
const engine = await states.open(1);
const { writer } = await loadState(engine, nodeClock);
const mark = { index: keys, term: 1, configuration: configurationOf([1, 2, 3]) };
const meta = await measured("checkpoint of everything", () => writer.write(store, mark));
console.log(`  ${Math.round(engine.bytes / MIB)} MiB on disk`);
let imageBytes = 0;
await measured("image, sent to nowhere", async () => {
  for await (const chunk of timed(encodeImage(engine, meta))) imageBytes += chunk.length;
});
console.log(`  ${Math.round(imageBytes / MIB)} MiB`);
const other = await states.open(2);
await measured("image, received by another engine", () =>
  receiveImage(timed(encodeImage(engine, meta)), other),
);
const loaded = await measured("load", () => loadState(other, nodeClock));
console.log(
  `  equal: ${String(loaded.store.hash() === store.hash() && loaded.store.revision === store.revision)}`,
);
await engine.close();
await other.close();
await rm(directory, { recursive: true });
await idler.terminate();
