import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RowResult } from "./row.js";
import { ROWS } from "./rows.js";

const runRow = fileURLToPath(new URL("run-row.js", import.meta.url));
const HEAP_MB = 8192;

console.log(
  "porcupine-ts, one thread, warm, events in memory: best / median of ten (of three where it says so)",
);
for (const [i, { name, goal, porcupine, repeat }] of ROWS.entries()) {
  const node = [`--max-old-space-size=${HEAP_MB}`, runRow, String(i)];
  const { stdout } = await promisify(execFile)(process.execPath, node, { maxBuffer: 2 ** 26 });
  const result = JSON.parse(stdout) as RowResult | null;
  console.log(`${name}${repeat === undefined ? "" : ` (of ${repeat})`}`);
  console.log(`  ${result === null ? "skipped: GAUNTLET_DATA is not set" : told(result)}`);
  console.log(`  goal ${goal}; Porcupine ${porcupine}`);
}

function told(result: RowResult): string {
  const { bestMs, medianMs, slowestMs, configurations, bytes, maxRssMb, rssBeforeMb, verdict } = result;
  const slowest = slowestMs === undefined ? "" : `, slowest file ${slowestMs.toFixed(2)} ms`;
  const tables = bytes === undefined ? "" : `, its tables ${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return (
    `${bestMs.toFixed(1)} / ${medianMs.toFixed(1)} ms${slowest}; ${configurations} configurations, ` +
    `${maxRssMb.toFixed(0)} MB process (${rssBeforeMb.toFixed(0)} before)${tables}; ${verdict}`
  );
}
