import { join } from "node:path";
import {
  type CheckResult,
  EmptyHistoryError,
  type History,
  HistoryError,
  type HistoryEvent,
  mergeVerdicts,
  readHistory,
  readResults,
  readSamples,
  readTest,
  resolveRun,
  RUN_FILES,
  type RunResults,
  type TestDescription,
  type Verdict,
} from "@gauntlet/histories";
import { readSchedule } from "@gauntlet/nemesis";
import { findSystem, type LogRules } from "@gauntlet/docker";
import { z } from "zod";
import { checkFaults, type RequestedFault } from "../checks/faults.js";
import { judge } from "../checks/judge.js";
import { acknowledgedWrites, servedOperations } from "../checks/operations.js";
import { faultsOf } from "../checks/recorded-faults.js";
import type { Grounds } from "../checks/recovery.js";
import { checkResources } from "../checks/resources.js";
import { checkServers, readServerFindings } from "../checks/servers.js";
import { functionStats } from "../checks/stats.js";
import { checkInThread, type UNREADABLE } from "../checks/workload-check.js";
import { DataError } from "../errors.js";
import { BOUNDS } from "../run/config.js";
import { findWorkload, fromFamilies, fromSchedule } from "./configure.js";
import { pagesOf, summarize } from "./summary.js";

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
  readonly observed: readonly CheckResult[];
  /** Null: nobody knows what was done to the nodes. */
  readonly grounds: Grounds | null;
}

const TEST_FIELDS = z.looseObject({
  workload: z.string(),
  nodes: z.int(),
  timeLimitMs: z.number(),
  nemesis: z.array(z.string()),
  schedule: z.unknown(),
  /** Runs of before there was a choice do not say. */
  system: z.string().default("gauntlet"),
});

/** `gauntlet check`: judges a recorded history again, and what its run saw beside it. Writes nothing. */
export async function checkCommand(path: string, flags: CheckFlags): Promise<Verdict> {
  const { directory, history, results } = await judgeRecorded(path, flags);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else {
    const summary = await summarize(results, history);
    process.stdout.write(`${summary}\n${directory === null ? ALONE : `\n${pagesOf(directory)}`}`);
  }
  return results.verdict;
}

/** Throws HistoryError or DataError where it cannot be read. */
export async function judgeRecorded(
  path: string,
  flags: Pick<CheckFlags, "workload" | "runsRoot">,
): Promise<{ readonly directory: string | null; readonly history: string; readonly results: RunResults }> {
  const { directory, history: historyPath } = await resolveRun(path, flags.runsRoot);
  const history = await historyOf(historyPath, directory);
  const facts = directory === null ? factsAlone(history) : await factsOf(directory, historyPath, history);
  const workload = findWorkload(flags.workload ?? facts.workload ?? "register");
  const job = { historyPath, workload: workload.name, timeLimitMs: BOUNDS.checkMs };
  const { events } = history;
  const results = judge({
    history: events,
    workloadChecks: events.length === 0 ? [] : await checkInThread(job, new AbortController().signal),
    functions: workload.functions,
    faults: facts.faults,
    observed: facts.observed,
    mainEndMs: facts.mainEndMs,
    grounds: facts.grounds,
  });
  refuseUnreadable(historyPath, results);
  return { directory, history: historyPath, results };
}

const ALONE = "\nnote: a history alone: what was asked of the nemesis, recovery and servers are not known\n";

/** A run that failed before its first operation has a history without any; by itself that is no history. */
async function historyOf(path: string, directory: string | null): Promise<History> {
  try {
    return await readHistory(path);
  } catch (error) {
    if (error instanceof EmptyHistoryError && directory !== null) return { events: [], truncated: false };
    throw error;
  }
}

/** Events that are well formed and yet mean nothing to the workload: the file's fault, not the rig's. */
function refuseUnreadable(historyPath: string, { checks, verdict }: RunResults): void {
  const broken = checks.find(
    ({ details }) => (details as Partial<typeof UNREADABLE> | undefined)?.unreadable,
  );
  // A violation that another check found stays one.
  if (broken !== undefined && verdict !== "invalid") throw new DataError(`${historyPath}: ${broken.reason}`);
}

function factsAlone({ events, truncated }: History): RunFacts {
  const faults = faultsOf(events);
  const observed = [
    ...(faults.length === 0 ? [] : [checkFaults(faults, [])]),
    ...(truncated ? [TRUNCATED] : []),
  ];
  return { workload: null, mainEndMs: null, faults, observed, grounds: null };
}

async function factsOf(
  directory: string,
  historyPath: string,
  { events, truncated }: History,
): Promise<RunFacts> {
  const test = await readTest(directory);
  // Recorded by another rig: all that is known is the history.
  if (test["imported"] !== undefined) {
    return { ...factsAlone({ events, truncated }), workload: z.string().parse(test["workload"]) };
  }
  const fields = TEST_FIELDS.safeParse(test);
  if (!fields.success) {
    const [issue] = fields.error.issues;
    throw new DataError(
      `${join(directory, RUN_FILES.test)}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}`,
    );
  }
  const { workload, timeLimitMs, system } = fields.data;
  const before = await resultsOf(directory);
  if (before !== null) refuseAnother(historyPath, events, before);
  const faults = before?.faults ?? faultsOf(events);
  const checks = before?.checks ?? [UNFINISHED];
  return {
    workload,
    mainEndMs: timeLimitMs,
    faults,
    grounds: groundsBy(checks),
    observed: [
      await serversOf(directory, findSystem(system).log, events.length > 0, checks),
      ...(await resourcesOf(directory, events, checks)),
      checkFaults(faults, requestedOf(directory, test, fields.data)),
      ...checks.filter((check) => isSeenOnce(check) && !(truncated && check.name === TRUNCATED.name)),
      ...(truncated ? [TRUNCATED] : []),
    ],
  };
}

/** Every operation was counted when the run was judged: another count is of another history. */
function refuseAnother(path: string, events: readonly HistoryEvent[], { stats }: RunResults): void {
  const told = (rows: RunResults["stats"]): string =>
    rows.map(({ f, ok, fail, info }) => `${f} ${ok} ok ${fail} fail ${info} info`).join(", ");
  const [found, recorded] = [told(functionStats(events)), told(stats)];
  if (found === recorded) return;
  throw new DataError(
    `${path}: not what the run recorded: it has ${found}, but ${RUN_FILES.results} counted ${recorded}`,
  );
}

/** The logs are read again; where they are gone, or say less than they did, what they had shown stands. */
async function serversOf(
  directory: string,
  rules: LogRules,
  began: boolean,
  checks: readonly CheckResult[],
): Promise<CheckResult> {
  const findings = await readServerFindings(join(directory, RUN_FILES.nodes), rules);
  const now = findings === null ? null : checkServers(findings, began);
  const then = checks.find(({ name }) => name === "servers") ?? null;
  if (now === null || !began) return then ?? NO_LOGS;
  return worse(now, then);
}

/** The samples are looked at again; where they are gone, what they had shown stands. */
async function resourcesOf(
  directory: string,
  events: readonly HistoryEvent[],
  checks: readonly CheckResult[],
): Promise<readonly CheckResult[]> {
  const then = checks.find(({ name }) => name === "resources") ?? null;
  const samples = (await readSamples(directory)) ?? [];
  if (samples.length === 0) return then === null ? [] : [then];
  return [worse(checkResources(samples, acknowledgedWrites(servedOperations(events)).length), then)];
}

/** Evidence that is gone never helps. */
function worse(now: CheckResult, then: CheckResult | null): CheckResult {
  return then !== null && mergeVerdicts([now.verdict, then.verdict]) !== now.verdict ? then : now;
}

/** What the run saw of its own undoing and of the rig. */
function groundsBy(checks: readonly CheckResult[]): Grounds {
  const verdictOf = (wanted: string): Verdict | null =>
    checks.find(({ name }) => name === wanted)?.verdict ?? null;
  return {
    healed: verdictOf("healing") !== "failed",
    rigSound: verdictOf("rig") === "valid" && verdictOf("servers") !== "failed",
  };
}

const NO_LOGS: CheckResult = {
  name: "servers",
  kind: "safety",
  verdict: "unknown",
  reason: "no server's log is there to be read, and none was judged when the run ended",
};

const UNFINISHED: CheckResult = {
  name: "completion",
  kind: "vacuity",
  verdict: "unknown",
  reason: `the run has no ${RUN_FILES.results}: it still goes on, or its rig died`,
};

const TRUNCATED: CheckResult = {
  name: "completion",
  kind: "vacuity",
  verdict: "unknown",
  reason: "the history's last line was cut off: nobody knows what came after it",
};

/** What only the run itself could see is taken over as it was judged then. */
function isSeenOnce({ name }: CheckResult): boolean {
  return SEEN_ONCE.has(name);
}

const SEEN_ONCE: ReadonlySet<string> = new Set(
  "live agreement progress recovery final-reads healing rig completion".split(" "),
);

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
  { nemesis, nodes, timeLimitMs, system: systemName }: z.infer<typeof TEST_FIELDS>,
): readonly RequestedFault[] {
  const name = `${join(directory, RUN_FILES.test)}: schedule`;
  const schedule = readSchedule(test.schedule, null, name);
  const system = findSystem(systemName);
  return nemesis.length > 0
    ? fromFamilies(nemesis, schedule, timeLimitMs, nodes, system)
    : fromSchedule(schedule, timeLimitMs, system);
}
