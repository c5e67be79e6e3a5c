import { Command, CommanderError, Option } from "commander";
import { DockerError } from "@gauntlet/docker";
import { EXIT_CODES, HistoryError, type Verdict } from "@gauntlet/histories";
import { formatDuration, ScheduleError } from "@gauntlet/nemesis";
import { DataError, messageOf, RigError, UsageError } from "../errors.js";
import { checkCommand, type CheckFlags } from "./check.js";
import { compareCommand, type CompareFlags } from "./compare.js";
import { exportCommand, type ExportFlags } from "./export.js";
import { importCommand, type ImportFlags } from "./import.js";
import { listCommand } from "./list.js";
import { mutantCommand, type MutantFlags } from "./mutant.js";
import { mutantsCommand, type MutantsFlags } from "./mutants.js";
import { RUNS_ROOT } from "./paths.js";
import { replayCommand, type ReplayFlags } from "./replay.js";
import { DEFAULT_NEMESIS, runCommand, type RunFlags } from "./run.js";
import { UI_PORT, uiCommand, type UiFlags } from "./ui.js";
import { type ExplainFlags, explainCommand, randomCommand, type RandomFlags } from "./schedule.js";
import { shrinkCommand, type ShrinkFlags } from "./shrink.js";
import { PACKAGE } from "./version.js";
import { decimal, duration, integer, names, oneOf, seed } from "./values.js";

/**
 * Runs one command line (without node and script) and returns the process's exit code. Everything
 * that goes wrong is told in one line on stderr.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT_CODES.valid;
  const program = commands((verdict) => {
    exitCode = EXIT_CODES[verdict];
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.valid;
    process.stderr.write(`gauntlet: ${oneLine(error)}\n`);
    return exitCodeOf(error);
  }
}

function commands(conclude: (verdict: Verdict) => void): Command {
  const program = new Command("gauntlet")
    .description("Breaks a cluster on purpose and says whether it kept its promises.")
    .version(PACKAGE.version, "--version", "print the version")
    .exitOverride()
    // Errors are told by main(), in one line.
    .configureOutput({ writeErr: () => {}, outputError: () => {} });

  const run = program.command("run").description("start a cluster, load it, break it, judge what was seen");
  withRunOptions(run)
    .option(
      "--system <name>",
      "what is tested: gauntlet (this repository's server) or etcd (Debian's)",
      "gauntlet",
    )
    .option("--image <image>", "a node image that exists, instead of the one built for the system")
    .option("--keep", "leave the containers up at the end (make cluster-down removes them)")
    .option("--ui", "show the run live in a browser")
    .option("--ui-host <address>", "where its page can be reached", "127.0.0.1")
    .option("--ui-port <n>", "its port; 0: one that is free (default: 0)", integer("--ui-port", 0, 65_535))
    .action(async (flags: RunFlags) => conclude(await runCommand(flags)));

  const compare = program
    .command("compare")
    .description("the same load and faults on every system, one after another; their figures side by side");
  withRunOptions(compare).action(async (flags: CompareFlags) => conclude(await compareCommand(flags)));

  program
    .command("replay")
    .description(
      "the same load, schedule and seed as a recorded run, on the same image where it still exists",
    )
    .argument("<run>", "a run's folder, or latest")
    .option("--seed <n>", "another one", seed("--seed"))
    .option("--image <image>", "another node image")
    .option("--keep", "leave the containers up at the end (make cluster-down removes them)")
    .option("--keep-going", "do not end at the first violation: go on to the end, then judge")
    .option("--json", "print the results as JSON, and nothing else")
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action(async (path: string, flags: ReplayFlags) => conclude(await replayCommand(path, flags)));

  program
    .command("shrink")
    .description("looks for the smallest schedule, cluster and time that still fail as a recorded run did")
    .argument("<run>", "the folder of a run that failed, or latest")
    .option("--runs <n>", "of one candidate, at most", integer("--runs", 1, 100), 2)
    .option("--budget <n>", "candidates, at most", integer("--budget", 1, 10_000), 40)
    .option("--reproduce <n>", "runs of the smallest one at last", integer("--reproduce", 1, 1_000), 5)
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action(async (path: string, flags: ShrinkFlags) => conclude(await shrinkCommand(path, flags)));

  const schedule = program.command("schedule").description("look at schedules, and draw them");
  schedule
    .command("explain")
    .description("draw a schedule's time line")
    .argument("<file>", "YAML or JSON")
    .addOption(timeOption("--time-limit", "of the run", [1_000, 86_400_000], 60_000))
    .option("--nodes <n>", "size of the cluster", integer("--nodes", 1, 15), 5)
    .option("--seed <n>", "of the run: draws what is random", seed("--seed"))
    .action((path: string, flags: ExplainFlags) => explainCommand(path, flags));
  schedule
    .command("random")
    .description("print the schedule that a run with this seed and these families would execute")
    .option("--faults <names>", `families of faults (default: ${DEFAULT_NEMESIS.join(",")})`, names)
    .option("--seed <n>", "random when absent", seed("--seed"))
    .addOption(timeOption("--time-limit", "of the run", [1_000, 86_400_000], 60_000))
    .option("--nodes <n>", "size of the cluster", integer("--nodes", 1, 15), 5)
    .option("--system <name>", "what is tested", "gauntlet")
    .option("--json", "print JSON instead of YAML")
    .action((flags: RandomFlags) => randomCommand(flags));

  program
    .command("check")
    .description("judge a recorded history again")
    .argument("<run>", "a run's folder, a history.jsonl, or latest")
    .option("--workload <name>", "what was asked (default: as the run says, else register)")
    .option("--json", "print the results as JSON")
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action(async (path: string, flags: CheckFlags) => conclude(await checkCommand(path, flags)));

  program
    .command("export")
    .description("print a recorded history as other checkers take it")
    .argument("<run>", "a run's folder, a history.jsonl, or latest")
    .option("--edn", "Jepsen's EDN, for Knossos and Elle")
    .option("--key <name>", "only this key's operations, with plain values")
    .option("--out <file>", "instead of the terminal")
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action((path: string, flags: ExportFlags) => exportCommand(path, flags));

  program
    .command("import")
    .description("take a history that another rig recorded for a run, and judge it")
    .argument("<file>", "Jepsen's EDN, JSON, or JSON lines")
    .option("--workload <name>", "whose checks judge it", "register")
    .option("--independent", "values are pairs of key and value")
    .option(
      "--nil <meaning>",
      "of a read: absent, or unknown",
      oneOf("--nil", ["absent", "unknown"]),
      "unknown",
    )
    .option("--json", "print the results as JSON")
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action(async (path: string, flags: ImportFlags) => conclude(await importCommand(path, flags)));

  program
    .command("list")
    .description("list recorded runs, the newest first")
    .option("--json", "print the list as JSON")
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action((flags: { readonly runsRoot: string; readonly json?: boolean }) => listCommand(flags));

  program
    .command("ui")
    .description("show recorded runs, and those that go on, in a browser; read-only")
    .option("--ui-host <address>", "where the pages can be reached", "127.0.0.1")
    .option(
      "--ui-port <n>",
      `their port; 0: one that is free (default: ${UI_PORT})`,
      integer("--ui-port", 0, 65_535),
    )
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action(async (flags: UiFlags) => uiCommand(flags));

  program
    .command("mutant")
    .description("plant a bug in the server and see whether the rig finds it")
    .argument("<name>", "a folder of mutants/ or its number; none: the server as it is")
    .option("--runs <n>", "how many times", integer("--runs", 1, 1_000), 1)
    .option("--seed <n>", "of the first run; the others count up from it", seed("--seed"))
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action(async (name: string, flags: MutantFlags) => conclude(await mutantCommand(name, flags)));

  program
    .command("mutants")
    .description("the same with every planted bug, or those named: how often, and how soon, each is found")
    .argument("[names...]", "folders of mutants/ or their numbers (default: all that run on containers)")
    .option("--runs <n>", "of each bug", integer("--runs", 1, 1_000), 10)
    .option("--seed <n>", "of the first run; the others count up from it", seed("--seed"), 1)
    .option("--json", "print the table as JSON")
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT)
    .action(async (mutants: readonly string[], flags: MutantsFlags) =>
      conclude(await mutantsCommand(mutants, flags)),
    );
  return program;
}

/** What is asked, how much of it, and what goes wrong meanwhile. */
function withRunOptions(command: Command): Command {
  return command
    .addOption(timeOption("--time-limit", "length of the main phase", [1_000, 86_400_000], 60_000))
    .option("--rate <n>", "operations a second, all processes together", integer("--rate", 1, 100_000), 200)
    .option("--concurrency <n>", "processes, spread over the nodes", integer("--concurrency", 1, 1_000), 10)
    .option(
      "--arrival <kind>",
      "paced: by those processes; open: others are hired when all are busy, and latency counts from when an operation was due",
      oneOf("--arrival", ["paced", "open"]),
      "paced",
    )
    .option(
      "--max-processes <n>",
      "with --arrival open, so many processes at most (default: ten times --concurrency)",
      integer("--max-processes", 1, 100_000),
    )
    .option(
      "--key-skew <n>",
      "Zipf exponent of the choice of keys; 0: all alike",
      decimal("--key-skew", 0, 10),
      0,
    )
    .option("--nodes <n>", "size of the cluster", integer("--nodes", 1, 15), 5)
    .option("--nemesis <names>", `families of faults, or none (default: ${DEFAULT_NEMESIS.join(",")})`, names)
    .option("--workload <name>", "what is asked of the cluster", "register")
    .option("--schedule <file>", "faults of your own, YAML or JSON, instead of --nemesis")
    .option("--seed <n>", "repeats a run's choices; random when absent", seed("--seed"))
    .addOption(timeOption("--op-timeout", "a call's deadline", [100, 60_000], 3_000))
    .option("--keep-going", "do not end at the first violation: go on to the end, then judge")
    .option("--json", "print the results as JSON, and nothing else")
    .option("--runs-root <folder>", "where runs are recorded", RUNS_ROOT);
}

/** Its default is shown as a person would write it. */
function timeOption(
  flag: string,
  description: string,
  [minMs, maxMs]: readonly [number, number],
  defaultMs: number,
): Option {
  return new Option(`${flag} <time>`, description)
    .argParser(duration(flag, minMs, maxMs))
    .default(defaultMs, formatDuration(defaultMs));
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof CommanderError) return EXIT_CODES.usage;
  if (error instanceof DataError || error instanceof HistoryError || error instanceof ScheduleError)
    return EXIT_CODES.data;
  return EXIT_CODES.failed;
}

/** A stack only where nobody foresaw the error: then it is a bug of the rig, and the stack is what helps. */
function oneLine(error: unknown): string {
  if (error instanceof CommanderError && error.code === "commander.help")
    return "no command; --help lists them";
  if (error instanceof CommanderError) return messageOf(error).replace(/^error: /, "");
  const isForeseen =
    error instanceof UsageError ||
    error instanceof DataError ||
    error instanceof RigError ||
    error instanceof DockerError ||
    error instanceof HistoryError ||
    error instanceof ScheduleError;
  if (isForeseen) return messageOf(error);
  return `a bug in the rig: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
