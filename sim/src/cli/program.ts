import { Command, CommanderError } from "commander";
import { EXIT_CODES } from "@gauntlet/histories";
import { ScheduleError } from "@gauntlet/nemesis";
import { modelcheckCommand } from "../modelcheck/main.js";
import { DataError, Interrupted, isForeseen, messageOf, stackOf, UsageError } from "../errors.js";
import { determinismCommand, type DeterminismFlags } from "./determinism.js";
import { mutantsCommand, type MutantsFlags } from "./mutants.js";
import { FAILURES_ROOT } from "./paths.js";
import { replayCommand, type ReplayFlags } from "./replay.js";
import { runCommand, type RunFlags } from "./run.js";
import { shrinkCommand, type ShrinkFlags } from "./shrink.js";
import { DEFAULT_BUDGET } from "./shrink-in-thread.js";
import { duration, integer, names, seed } from "./values.js";
import { DEFAULT_SEED_LIMIT_MS } from "./workers/sim-thread.js";

const DAY_MS = 86_400_000;

/** Errors are told by main(), in one line. */
const SILENT_OUTPUT = { writeErr: () => {}, outputError: () => {} };

/**
 * Runs one command line (without node and script) and returns the process's exit code. Everything that goes wrong is
 * told in one line on stderr.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT_CODES.valid;
  const program = commands((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.valid;
    process.stderr.write(`gauntlet-sim: ${oneLine(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Says the exit code of the command that was run. */
type Conclude = (exitCode: number) => void;

function commands(conclude: Conclude): Command {
  const program = new Command("gauntlet-sim")
    .description("The server's own code in a deterministic world: one seed is one run, the same every time.")
    .addHelpText("after", EXIT_HELP)
    .exitOverride()
    .configureOutput(SILENT_OUTPUT);
  addRun(program, conclude);
  addReplay(program, conclude);
  addShrink(program, conclude);
  addDeterminism(program, conclude);
  // A command made elsewhere does not inherit these.
  program.addCommand(modelcheckCommand(conclude).exitOverride().configureOutput(SILENT_OUTPUT));
  addMutants(program, conclude);
  return program;
}

function addRun(program: Command, conclude: Conclude): void {
  program
    .command("run")
    .description("run one seed after another until one fails")
    .option(
      "--seeds <n>",
      "how many (default: 1000, or all that --time-limit allows)",
      integer("--seeds", 1, 1e9),
    )
    .option("--first-seed <n>", "the others count up from it (default: from the clock)", seed("--first-seed"))
    .option("--workers <n>", "threads", integer("--workers", 1, 256), 2)
    .option("--time-limit <time>", "of the whole: 10m, 8h", duration("--time-limit", 100, 30 * DAY_MS))
    .option(
      "--seed-limit <time>",
      "one seed that takes longer by the real clock has hung",
      duration("--seed-limit", 100, DAY_MS),
      DEFAULT_SEED_LIMIT_MS,
    )
    .option("--focus <families>", "faults of these families only", names)
    .option("--workload <name>", "this one only (default: drawn, as all else)")
    .option("--keep-going", "do not end at the first failure")
    .option("--no-shrink", "save a failure as it was drawn")
    .option(
      "--shrink-tries <n>",
      "runs that shrinking may take",
      integer("--shrink-tries", 1, 1e6),
      DEFAULT_BUDGET.tries,
    )
    .option(
      "--shrink-time <time>",
      "time that shrinking may take",
      duration("--shrink-time", 100, DAY_MS),
      DEFAULT_BUDGET.timeLimitMs,
    )
    .option("--out <folder>", "where a failure is saved, in a folder named by its seed", FAILURES_ROOT)
    .action(async (flags: RunFlags) => conclude(await runCommand(flags)));
}

function addReplay(program: Command, conclude: Conclude): void {
  program
    .command("replay")
    .description("run one seed or one saved scenario again, and look at it")
    .argument("<what>", "a seed, or a scenario.json")
    .option("--trace", "print what happened, one line an event")
    .option("--node <names>", "of the trace: only what these nodes take part in (n1,n3)", names)
    .option("--from <time>", "of the trace: from this virtual time on", duration("--from", 0, DAY_MS))
    .option("--to <time>", "of the trace: up to this virtual time", duration("--to", 0, DAY_MS))
    .option("--lines <n>", "of the trace: at most so many, around the failure", integer("--lines", 1, 1e9))
    .option("--html <file>", "write the lanes of the nodes over time to this file")
    .option("--focus <families>", "as it was given to run, with a seed", names)
    .option("--workload <name>", "likewise")
    .action(async (what: string, flags: ReplayFlags) => conclude(await replayCommand(what, flags)));
}

function addShrink(program: Command, conclude: Conclude): void {
  program
    .command("shrink")
    .description("look for the smallest scenario that fails in the same way")
    .argument("<file>", "a scenario.json")
    .option("--tries <n>", "runs that it may take", integer("--tries", 1, 1e6), DEFAULT_BUDGET.tries)
    .option(
      "--time-limit <time>",
      "time that it may take",
      duration("--time-limit", 100, DAY_MS),
      DEFAULT_BUDGET.timeLimitMs,
    )
    .option("--out <file>", "where it is saved (default: beside, as …-shrunk.json)")
    .action(async (file: string, flags: ShrinkFlags) => conclude(await shrinkCommand(file, flags)));
}

function addDeterminism(program: Command, conclude: Conclude): void {
  program
    .command("determinism")
    .description("run each seed twice, here and in a fresh thread, and compare the hashes of all events")
    .option("--seeds <n>", "how many", integer("--seeds", 1, 1e9), 10)
    .option("--first-seed <n>", "the others count up from it (default: from the clock)", seed("--first-seed"))
    .action(async (flags: DeterminismFlags) => conclude(await determinismCommand(flags)));
}

function addMutants(program: Command, conclude: Conclude): void {
  program
    .command("mutants")
    .description("plant each bug of mutants/ that is simulated, and see that it is found")
    .argument("[names...]", "folders of mutants/ or their numbers (default: all)")
    .option("--time-limit <time>", "for each", duration("--time-limit", 100, DAY_MS), 600_000)
    .option("--first-seed <n>", "the others count up from it", seed("--first-seed"), 1)
    .option("--workers <n>", "threads", integer("--workers", 1, 256), 2)
    .option("--json", "print the table as JSON")
    .action(async (wanted: readonly string[], flags: MutantsFlags) =>
      conclude(await mutantsCommand(wanted, flags)),
    );
}

const EXIT_HELP = `
Exit codes: 0 valid; 1 a failure was found; 2 unknown or interrupted; 3 the simulator broke; 64 bad usage; 65 a file
that cannot be used.`;

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof CommanderError) return EXIT_CODES.usage;
  if (error instanceof DataError || error instanceof ScheduleError) return EXIT_CODES.data;
  return error instanceof Interrupted ? EXIT_CODES.unknown : EXIT_CODES.failed;
}

/** A stack only where nobody foresaw the error: then it is a bug of the simulator, and the stack is what helps. */
function oneLine(error: unknown): string {
  if (error instanceof CommanderError && error.code === "commander.help")
    return "no command; --help lists them";
  if (error instanceof CommanderError) return messageOf(error).replace(/^error: /, "");
  if (error instanceof Interrupted) return `interrupted: ${messageOf(error)}`;
  if (isForeseen(error)) return messageOf(error);
  return `a bug in the simulator: ${stackOf(error)}`;
}
