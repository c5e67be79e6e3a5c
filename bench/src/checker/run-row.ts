import type { RowResult } from "./row.js";
import { ROWS } from "./rows.js";

/** One row in a process of its own, so that its memory is its own: `node run-row.js 3` prints a RowResult. */
const row = ROWS[Number(process.argv[2])];
if (row === undefined) throw new RangeError(`no row ${process.argv[2]}`);
const run = row.prepare();
if (run === undefined) console.log("null");
else {
  const rssBeforeMb = process.resourceUsage().maxRSS / 1024;
  // The code is warm from the second time on.
  let measured = run();
  const repeat = row.repeat ?? 10;
  for (let i = 1; i < Math.min(repeat, 5); i++) measured = run();
  const times = Array.from({ length: repeat }, () => {
    const started = performance.now();
    measured = run();
    return performance.now() - started;
  }).toSorted((a, b) => a - b);
  const { verdict, configurations, slowestMs, bytes } = measured;
  const result: RowResult = {
    verdict,
    configurations,
    ...(slowestMs !== undefined && { slowestMs }),
    ...(bytes !== undefined && { bytes }),
    bestMs: times[0] ?? Number.NaN,
    medianMs: times[times.length >> 1] ?? Number.NaN,
    rssBeforeMb,
    maxRssMb: process.resourceUsage().maxRSS / 1024,
  };
  console.log(JSON.stringify(result));
}
