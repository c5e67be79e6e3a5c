import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { consistencyModels } from "../anomalies/index.js";
import { ENGINE_NAMES } from "../engine.js";
import { HISTORY_FORMATS } from "../formats/event.js";
import { checkCommand, type CheckFlags } from "./check.js";
import { messageOf, UsageError } from "./errors.js";
import { EXIT_CODES, SIGNAL_CODES } from "./exit-codes.js";
import { modelsText } from "./models.js";
import { duration, initialValue, integer, oneOf, size } from "./values.js";

/** Runs one command line (without node and script) and returns the process's exit code. */
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
    const { text, code } = told(error);
    process.stderr.write(isBare(error) ? program.helpInformation() + HELP : `porcupine: ${text}\n`);
    return code;
  }
}

function commands(conclude: (code: number) => void): Command {
  const program = new Command("porcupine")
    .description("Says whether a recorded history of concurrent operations is linearizable, and why not.")
    .version(version())
    .exitOverride()
    // Errors are told by main(), in one line.
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .addHelpText("after", HELP);

  addCheck(program, conclude);
  program
    .command("models")
    .description("list models and checks, and the operations of each")
    .action(() => void process.stdout.write(modelsText()));
  return program;
}

function addCheck(program: Command, conclude: (code: number) => void): void {
  program
    .command("check")
    .description("judge recorded histories")
    .argument("<file...>", "histories, folders of recorded runs, or - for standard input")
    .option(
      "-m, --model <name>",
      "what they are histories of (porcupine models), or a module of your own, ./model.js; else by the operations, where there is no doubt",
    )
    .option("--init <value>", "state at the start: 0, x, '\"0\"'; absent if not given", initialValue)
    .option(
      "--format <name>",
      `${HISTORY_FORMATS.join(", ")}; else by content`,
      oneOf("--format", HISTORY_FORMATS),
    )
    .option("--nil <meaning>", "a nil that was read says: absent (in EDN: unknown)", oneOf("--nil", NIL))
    .option(
      "--failed-cas <meaning>",
      "a cas that failed: happened, and found another value (so in log), or nothing is known",
      oneOf("--failed-cas", FAILED),
    )
    .option("--independent", "values are pairs of key and value, [k v]")
    .option(
      "--group-size <n>",
      "long-fork: keys a group (default: of the longest read)",
      integer("--group-size", 2),
    )
    .option(
      "--consistency-model <name>",
      "list-append: what the database promises (default: strict-serializable)",
      oneOf("--consistency-model", consistencyModels),
    )
    .option(
      "-t, --timeout <time>",
      "for the check of each file, not for reading it: 60s, 2m, 500ms; unknown after it",
      duration("--timeout"),
    )
    .option(
      "--memory <size>",
      "of the engines' tables: 512MiB (default: 1GiB); unknown beyond it",
      size("--memory"),
    )
    .option(
      "--engine <name>",
      `auto, ${ENGINE_NAMES.join(", ")}`,
      oneOf("--engine", ["auto", ...ENGINE_NAMES]),
    )
    .option(
      "--threads <n>",
      "that share the keys of a history (default: as many as processors)",
      integer("--threads", 1),
    )
    .option("--stop-at-first", "one violation is enough; keys undecided by then are unknown")
    .option("--verify", "have an independent routine go through every witness")
    .option("--json", "print one JSON object a file")
    .option("--html <out>", "write the history as a page; a folder for several files")
    .option(
      "--svg <out>",
      "write the minimal part of a first violation as a picture; a folder for several files",
    )
    .option("--no-progress", "no status line on the terminal")
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async (files: readonly string[], flags: CheckFlags) =>
      conclude(await checkCommand(files, flags)),
    );
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

const NIL = ["absent", "unknown"] as const;
const FAILED = ["happened", "nothing"] as const;

const HELP = `
Exit codes: 0 valid, 1 invalid, 2 unknown, 3 failed (a model threw, a page could not be written), 64 usage,
65 a file that cannot be read. Ended early, without a verdict: ${SIGNAL_CODES.interruptedTwice} interrupted twice, ${SIGNAL_CODES.pipeClosed} nobody reads the
output (a closed pipe).
Of several files: invalid, then failed, then usage, then unreadable, then unknown, then valid.

Examples:
  porcupine check --model cas-register history.jsonl
  porcupine check --model cas-register --init 0 --timeout 60s --json knossos/*.edn
  zcat history.jsonl.gz | porcupine check --model kv -
`;

/** No command was given. */
function isBare(error: unknown): boolean {
  return error instanceof CommanderError && error.code === "commander.help";
}

function told(error: unknown): { readonly text: string; readonly code: number } {
  if (error instanceof CommanderError) {
    const text = messageOf(error)
      .replace(/^error: /, "")
      .replaceAll("\n", " ");
    return { text, code: EXIT_CODES.usage };
  }
  if (error instanceof UsageError) return { text: error.message, code: EXIT_CODES.usage };
  // Nobody foresaw it: the stack is what helps.
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `a bug in porcupine: ${stack}`, code: EXIT_CODES.failed };
}
