import { join } from "node:path";
import {
  type CheckResult,
  HistoryError,
  readHistory,
  readResults,
  readTest,
  resolveRun,
  RUN_FILES,
  type RunResults,
  type TestDescription,
  type Verdict,
} from "@gauntlet/histories";
import { parseSchedule } from "@gauntlet/nemesis";
import { z } from "zod";
import { checkFaults, type RequestedFault } from "../checks/faults.js";
import { judge } from "../checks/judge.js";
import { checkServers, readServerFindings } from "../checks/servers.js";
import { MIN_OK_OPERATIONS } from "../checks/stats.js";
import { checkInThread, type UNREADABLE } from "../checks/workload-check.js";
import { DataError } from "../errors.js";
import { BOUNDS } from "../run/config.js";
import { findWorkload, fromFamily, fromSchedule } from "./configure.js";
import { summarize } from "./summary.js";

export interface CheckFlags {
  readonly workload?: string;
  readonly json?: boolean;
  readonly runsRoot: string;
}

/** What a run's other files say beside its history. */
interface RunFacts {
  readonly workload: string | null;
  readonly mainEndMs: number | null;
  readonly faults: RunResults["faults"];
  readonly observed: (okOperations: number) => readonly CheckResult[];
}

const NOTHING_KNOWN: RunFacts = { workload: null, mainEndMs: null, faults: [], observed: () => [] };

const TEST_FIELDS = z.looseObject({
  workload: z.string(),
  nodes: z.int(),
  timeLimitMs: z.number(),
  nemesis: z.array(z.string()),
  schedule: z.unknown(),
});

/** `gauntlet check`: judges a recorded history again, and what its run saw beside it. Writes nothing. */
export async function checkCommand(path: string, flags: CheckFlags): Promise<Verdict> {
  const { directory, history: historyPath } = await resolveRun(path, flags.runsRoot);
  const { events, truncated } = await readHistory(historyPath);
  const facts = directory === null ? NOTHING_KNOWN : await factsOf(directory);
  const workload = findWorkload(flags.workload ?? facts.workload ?? "register");
  const job = { historyPath, workload: workload.name, timeLimitMs: BOUNDS.checkMs };
  const results = judge({
    history: events,
    workloadChecks: await checkInThread(job, new AbortController().signal),
    functions: workload.functions,
    faults: facts.faults,
    observed: facts.observed,
    mainEndMs: facts.mainEndMs,
  });
  refuseUnreadable(historyPath, results);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else process.stdout.write(`${summarize(results)}\n${notes(directory, truncated)}`);
  return results.verdict;
}

/** Events that are well formed and yet mean nothing to the workload: the file's fault, not the rig's. */
function refuseUnreadable(historyPath: string, { checks }: RunResults): void {
  const broken = checks.find(
    ({ details }) => (details as Partial<typeof UNREADABLE> | undefined)?.unreadable,
  );
  if (broken !== undefined) throw new DataError(`${historyPath}: ${broken.reason}`);
}

function notes(directory: string | null, truncated: boolean): string {
  return [
    ...(truncated ? ["note: the last line was cut off and is left out"] : []),
    ...(directory === null
      ? ["note: a history alone: nothing is known of faults, recovery and servers"]
      : []),
  ]
    .map((line) => `\n${line}\n`)
    .join("");
}

async function factsOf(directory: string): Promise<RunFacts> {
  const test = await readTest(directory);
  const fields = TEST_FIELDS.safeParse(test);
  if (!fields.success) {
    const [issue] = fields.error.issues;
    throw new DataError(
      `${join(directory, RUN_FILES.test)}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}`,
    );
  }
  const { workload, timeLimitMs } = fields.data;
  const before = await resultsOf(directory);
  const servers = await readServerFindings(join(directory, RUN_FILES.nodes));
  const requested = requestedOf(directory, test, fields.data);
  return {
    workload,
    mainEndMs: timeLimitMs,
    faults: before?.faults ?? [],
    observed: (okOperations) => [
      ...(servers === null ? [] : [checkServers(servers, okOperations >= MIN_OK_OPERATIONS)]),
      ...(before === null
        ? [UNFINISHED]
        : [checkFaults(before.faults, requested), ...before.checks.filter(isSeenOnce)]),
    ],
  };
}

const UNFINISHED: CheckResult = {
  name: "completion",
  kind: "vacuity",
  verdict: "unknown",
  reason: `the run has no ${RUN_FILES.results}: it still goes on, or its rig died`,
};

/** What only the run itself could see is taken over as it was judged then. */
function isSeenOnce({ name, kind }: CheckResult): boolean {
  return kind === "liveness" || ["healing", "rig", "completion"].includes(name);
}

async function resultsOf(directory: string): Promise<RunResults | null> {
  try {
    return await readResults(directory);
  } catch (error) {
    if (
      error instanceof HistoryError &&
      (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT"
    )
      return null;
    throw error;
  }
}

function requestedOf(
  directory: string,
  test: TestDescription,
  { nemesis, nodes, timeLimitMs }: z.infer<typeof TEST_FIELDS>,
): readonly RequestedFault[] {
  if (nemesis.length > 0) return nemesis.map((family) => fromFamily(family, nodes));
  const name = `${join(directory, RUN_FILES.test)}: schedule`;
  return fromSchedule(parseSchedule(JSON.stringify(test.schedule), name), timeLimitMs);
}
