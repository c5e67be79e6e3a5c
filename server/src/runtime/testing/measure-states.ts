import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { lmdbStates } from "../lmdb-states.js";

/**
 * `node measure-states.js <directory> [records] [value bytes]`: what commits and reads of a state cost on the disk of
 * `directory`, which is emptied. Commits are of 1 MiB or 4096 records, as checkpoints make them.
 */
const [directory = "", records = "1000000", valueBytes = "1024"] = process.argv.slice(2);
const COMMIT_BYTES = 1 << 20;
const COMMIT_RECORDS = 4096;
/** As the store encodes it: 8 bytes each of revision, create revision and version, lengths, and the key. */
const recordBytes = Number(valueBytes) + 50;
const path = join(directory, "measured-states");

await rm(path, { recursive: true, force: true });
const engine = await lmdbStates(path).open(1);
const perCommit = Math.min(COMMIT_RECORDS, Math.ceil(COMMIT_BYTES / recordBytes));
const batch = Array.from({ length: perCommit }, (_, at) => Buffer.alloc(recordBytes, at));

const latencies: number[] = [];
const written = writtenBytes();
const committing = await paused(async () => {
  while (engine.count < Number(records)) {
    const begun = performance.now();
    await engine.commit(batch, Buffer.from(`meta at ${engine.count}`));
    latencies.push(performance.now() - begun);
  }
});
const payload = engine.count * recordBytes;
tell("commits", `${latencies.length} of ${perCommit} records, ${mib(perCommit * recordBytes)} MiB`);
tell("commit latency", `p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, longest ${quantile(1)} ms`);
tell("while committing", committing);
tell("write amplification", ((writtenBytes() - written) / payload).toFixed(3));
tell(
  "file",
  `${mib(engine.bytes)} MiB, ${(engine.bytes / engine.count).toFixed(1)} bytes a record of ${recordBytes}`,
);
await engine.close();

const opening = performance.now();
const again = await lmdbStates(path).open(1);
tell("open", `${(performance.now() - opening).toFixed(0)} ms`);
const reading = performance.now();
const read = await paused(async () => {
  for (let next = 0; next < again.count; ) next += (await again.read(next, COMMIT_BYTES)).length;
});
const seconds = (performance.now() - reading) / 1000;
tell("read whole", `${seconds.toFixed(2)} s, ${(payload / 2 ** 20 / seconds).toFixed(0)} MiB/s`);
tell("while reading", read);
await again.close();
await rm(path, { recursive: true });

async function paused(work: () => Promise<void>): Promise<string> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = performance.eventLoopUtilization();
  await work();
  const { utilization } = performance.eventLoopUtilization(before);
  delay.disable();
  const ms = (nanoseconds: number): string => (nanoseconds / 1e6 - 1).toFixed(1);
  return `event loop busy ${(utilization * 100).toFixed(0)} %, pauses p99 ${ms(delay.percentile(99))} ms, longest ${ms(delay.max)} ms`;
}

/** By this process to files, as the kernel counts them. */
function writtenBytes(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

function quantile(share: number): string {
  const sorted = latencies.toSorted((one, other) => one - other);
  return (sorted[Math.ceil(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function tell(what: string, figure: string): void {
  process.stdout.write(`${what}: ${figure}\n`);
}
