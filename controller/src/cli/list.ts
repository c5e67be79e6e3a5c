import { listRuns, readResults, readTest, type RunEntry } from "@gauntlet/histories";
import { asUsageError } from "../errors.js";
import { alignColumns, secondsOf, shownPath } from "../text.js";

interface Row {
  readonly path: string;
  readonly verdict: string;
  readonly test: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly timeLimit: string;
  readonly faults: string;
}

/** `gauntlet list`: the runs recorded under a root, the newest first. */
export async function listCommand(flags: {
  readonly runsRoot: string;
  readonly json?: boolean;
}): Promise<void> {
  const runs = await listRuns(flags.runsRoot).catch((error: unknown) => {
    throw asUsageError("--runs-root", error);
  });
  const rows = await Promise.all(runs.map(rowOf));
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  if (rows.length === 0) {
    process.stdout.write(`no runs in ${shownPath(flags.runsRoot)}\n`);
    return;
  }
  const table = [
    ["verdict", "test", "started", "seed", "length", "faults", "run"],
    ...rows.map((row) => [
      row.verdict,
      row.test,
      row.startedAt,
      String(row.seed),
      row.timeLimit,
      row.faults,
      row.path,
    ]),
  ];
  process.stdout.write(`${alignColumns(table)}\n`);
}

/** What cannot be read is shown as "?": a list is for finding runs, broken ones too. */
async function rowOf(entry: RunEntry): Promise<Row> {
  const test = await readTest(entry.path).catch(() => null);
  const results = await readResults(entry.path).catch(() => null);
  const timeLimitMs: unknown = test?.["timeLimitMs"];
  return {
    path: shownPath(entry.path),
    verdict: entry.verdict ?? "?",
    test: entry.test,
    seed: entry.seed,
    startedAt: entry.startedAt.toISOString().slice(0, 19).replace("T", " "),
    timeLimit: typeof timeLimitMs === "number" ? secondsOf(timeLimitMs) : "?",
    faults: results === null ? "?" : faultCounts(results.faults.map(({ fault }) => fault)),
  };
}

function faultCounts(faults: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const fault of faults) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return counts.size === 0
    ? "none"
    : [...counts].map(([fault, count]) => (count === 1 ? fault : `${count} ${fault}`)).join(", ");
}
