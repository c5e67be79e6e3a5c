import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { HistoryError } from "./errors.js";
import { firstIssue } from "./reader.js";
import { CHECK_KINDS, type RunResults } from "./results.js";
import { VERDICTS } from "./verdict.js";

/** The names of a run's files. */
export const RUN_FILES = {
  test: "test.json",
  history: "history.jsonl",
  /** What the nodes showed of themselves, a line for each node and second (NodeSample). Older runs have none. */
  samples: "nodes.jsonl",
  schedule: "schedule.json",
  results: "results.json",
  report: "report.html",
  /** Only of a run with a key that is not linearizable. */
  linearizability: "linearizability.html",
  nodes: "nodes",
  /** What the run says of itself while it goes on (live.ts). */
  live: "live.json",
  /** What the rig told people, a line each, with the time. */
  log: "rig.log",
  /** In each node's folder under nodes/, after a safety violation: its data directory. */
  nodeData: "data.tar.gz",
} as const;

/** test.json: what reproduces the run. Fields beside these are kept. */
export interface TestDescription {
  readonly version: 1;
  /** The test's name; names the folder of its runs. */
  readonly test: string;
  readonly seed: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly [extra: string]: unknown;
}

const count = z.int().nonnegative();
const milliseconds = z.number().nullable();

const testSchema = z.looseObject({
  version: z.literal(1),
  test: z.string().min(1),
  seed: z.int(),
  startedAt: z.iso.datetime(),
});

const checkSchema = z.looseObject({
  name: z.string(),
  kind: z.enum(CHECK_KINDS),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  details: z.unknown().optional(),
});

const faultSchema = z.looseObject({
  index: count.exactOptional(),
  fault: z.string(),
  target: z.union([z.string(), z.array(z.string())]),
  args: z.record(z.string(), z.unknown()).exactOptional(),
  nodes: z.array(z.string()),
  roles: z.record(z.string(), z.string()),
  outcome: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("proved"), proof: z.string() }),
    z.looseObject({ type: z.literal("unproved"), reason: z.string() }),
    z.looseObject({ type: z.literal("skipped"), reason: z.string() }),
  ]),
  startedAtMs: milliseconds,
  endedAtMs: milliseconds,
  healed: z.boolean().nullable(),
});

const verdictOrNone = z.enum(VERDICTS).nullable();

const windowSchema = z.looseObject({
  index: count.nullable(),
  fault: z.string(),
  nodes: z.array(z.string()),
  startMs: milliseconds,
  endMs: milliseconds,
  ok: count,
  fail: count,
  info: count,
  p50Ms: milliseconds,
  p90Ms: milliseconds,
  p99Ms: milliseconds,
  maxMs: milliseconds,
  longestGapMs: milliseconds,
  recoveryMs: milliseconds,
});

const resultsSchema = z.looseObject({
  version: z.literal(1, "this version of the program reads version 1 only"),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  checks: z.array(checkSchema),
  stats: z.array(
    z.looseObject({
      f: z.string(),
      ok: count,
      fail: count,
      info: count,
      p50Ms: milliseconds,
      p99Ms: milliseconds,
      maxMs: milliseconds,
    }),
  ),
  okPerSecond: z.number().nonnegative(),
  faults: z.array(faultSchema),
  verdicts: z
    .object({
      safety: verdictOrNone,
      liveness: verdictOrNone,
      vacuity: verdictOrNone,
      rig: verdictOrNone,
    })
    .exactOptional(),
  windows: z.array(windowSchema).exactOptional(),
});

export async function writeTest(run: string, test: TestDescription): Promise<void> {
  await writeJson(join(run, RUN_FILES.test), testSchema.parse(test));
}

export async function readTest(run: string): Promise<TestDescription> {
  return readJson(join(run, RUN_FILES.test), testSchema);
}

export async function writeResults(run: string, results: RunResults): Promise<void> {
  await writeJson(join(run, RUN_FILES.results), resultsSchema.parse(results));
}

export async function readResults(run: string): Promise<RunResults> {
  return readJson(join(run, RUN_FILES.results), resultsSchema);
}

/** All or nothing: a reader, or a crash, never meets half a file. */
export async function writeJson(path: string, content: unknown): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(content, null, 2)}\n`);
  await rename(temporary, path);
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new HistoryError(path, null, code === "ENOENT" ? "no such file" : message, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HistoryError(path, null, `not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new HistoryError(path, null, firstIssue(parsed.error));
  return parsed.data;
}
