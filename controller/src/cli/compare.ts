import { join } from "node:path";
import { findSystem, SYSTEMS, type System } from "@gauntlet/docker";
import { mergeVerdicts, readHistory, readTest, RUN_FILES, type Verdict } from "@gauntlet/histories";
import { checkInThread } from "../checks/workload-check.js";
import { type Figures, figuresOf } from "../compare/figures.js";
import { comparisonTable } from "../compare/table.js";
import { BOUNDS, type RunConfig } from "../run/config.js";
import { dockerClusters } from "../run/docker-cluster.js";
import { type RecordedRun, recordRun } from "../run/record.js";
import { configure, leftOutOf } from "./configure.js";
import { interruptible } from "./interrupt.js";
import { requestOf, type RunFlags } from "./run.js";
import { progressOn, SILENT } from "./terminal.js";

/** The flags of `gauntlet compare`, parsed: those of a run that do not choose what is tested. */
export type CompareFlags = Omit<RunFlags, "system" | "image" | "keep">;

/**
 * The same load and the same faults on every system, one after another. Faults that one of them cannot feel are left
 * out for all. Returns the worst verdict.
 */
export async function compareCommand(flags: CompareFlags): Promise<Verdict> {
  const request = await requestOf(flags);
  const { faults, leftOut } = leftOutOf(request, SYSTEMS);
  const configs = SYSTEMS.map(({ name }) =>
    configure({ ...request, faults, system: name, alongside: SYSTEMS }),
  );
  const progress = flags.json === true ? SILENT : progressOn(process.stderr, process.env);
  for (const { name, reason } of leftOut) progress.line(`left out for all: ${name} (${reason})`);
  const figures = await interruptible(
    async (signal) => {
      const done: Figures[] = [];
      for (const config of configs) {
        if (signal.aborted) break;
        progress.line(`gauntlet: ${config.test} on ${config.system} with seed ${config.seed}`);
        const run = await recordRun(config, optionsFor(findSystem(config.system), flags, progress), signal);
        progress.line(`${run.results.verdict.toUpperCase()}: ${run.results.reason}`);
        done.push(await measure(config, run));
      }
      return done;
    },
    (line) => progress.line(line),
  );
  progress.close();
  const told = flags.json === true ? toJson(request.seed, figures) : `\n${comparisonTable(figures)}\n`;
  process.stdout.write(told);
  const verdicts = figures.map(({ verdict }) => verdict);
  return mergeVerdicts(figures.length < configs.length ? [...verdicts, "unknown"] : verdicts);
}

function optionsFor(
  system: System,
  flags: CompareFlags,
  progress: ReturnType<typeof progressOn>,
): Parameters<typeof recordRun>[1] {
  return {
    runsRoot: flags.runsRoot,
    startCluster: dockerClusters({ system }),
    checkWorkload: checkInThread,
    ...(flags.keepGoing === true && { stopAt: [] }),
    progress,
    bounds: BOUNDS,
  };
}

async function measure(config: RunConfig, { directory, results }: RecordedRun): Promise<Figures> {
  const { versions } = await readTest(directory);
  const version = (versions as Readonly<Record<string, string>> | undefined)?.["system"] ?? config.system;
  // A run that failed before its first operation has a history without any.
  const history = await readHistory(join(directory, RUN_FILES.history)).then(
    ({ events }) => events,
    () => [],
  );
  const { system, timeLimitMs } = config;
  return figuresOf({ system, version, directory, results, history, timeLimitMs });
}

function toJson(seed: number, figures: readonly Figures[]): string {
  return `${JSON.stringify({ seed, systems: figures }, null, 2)}\n`;
}
