import { Command } from "commander";
import { EXIT_CODES } from "@gauntlet/histories";
import { print } from "../cli/terminal.js";
import { integer, names } from "../cli/values.js";
import { UsageError } from "../errors.js";
import { BOUNDS } from "./bounds.js";
import type { Bound } from "./bound.js";
import { checkBound } from "./run.js";
import type { BoundResult } from "./run.js";
import { row, TABLE_HEAD } from "./table.js";

interface ModelcheckFlags {
  readonly bound?: readonly string[];
  readonly deep?: boolean;
  readonly list?: boolean;
  readonly maxStates: number;
  readonly maxSeconds: number;
  readonly json?: boolean;
}

/** `gauntlet-sim modelcheck`; hands the exit code to `conclude`. */
export function modelcheckCommand(conclude: (exitCode: number) => void): Command {
  return new Command("modelcheck")
    .description("explore all reachable states of the consensus core within small bounds")
    .option("--bound <names>", "these bounds only, separated by commas", names)
    .option("--deep", "the larger bounds, too: hours")
    .option("--list", "say what the bounds are, and do nothing")
    .option("--max-states <n>", "of one bound", integer("--max-states", 1, 2e8), 200_000_000)
    .option("--max-seconds <n>", "of CPU time for one bound", integer("--max-seconds", 1, 1e6), 3600)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExit code: 0 nothing found, 1 a counterexample, 2 a limit ended the search before its bound, 64 bad usage.",
    )
    .action((flags: ModelcheckFlags) => conclude(modelcheck(flags)));
}

function modelcheck(flags: ModelcheckFlags): number {
  const bounds = chosen(flags);
  if (flags.list === true) {
    for (const { name, what, deep } of BOUNDS) print(`${name}${deep ? " (deep)" : ""}: ${what}`);
    return EXIT_CODES.valid;
  }
  const results: BoundResult[] = [];
  if (flags.json !== true) print(TABLE_HEAD);
  for (const bound of bounds) {
    const limits = { states: flags.maxStates, seconds: flags.maxSeconds };
    const result = checkBound(bound, limits, cpuSeconds);
    results.push(result);
    if (flags.json === true) continue;
    print(row(result));
    if (result.story !== null) print(`\n${bound.what}\n\n${result.story.text}`);
    if (result.story !== null) break;
  }
  if (flags.json === true) print(JSON.stringify(results.map(document), null, 2));
  return exitCodeOf(results);
}

/** Other work on the machine does not count. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function chosen({ bound, deep }: ModelcheckFlags): readonly Bound[] {
  if (bound === undefined) return BOUNDS.filter((one) => deep === true || !one.deep);
  return bound.map((name) => {
    const found = BOUNDS.find((one) => one.name === name);
    if (found === undefined)
      throw new UsageError(
        `--bound: no bound "${name}"; there are ${BOUNDS.map((one) => one.name).join(", ")}`,
      );
    return found;
  });
}

function exitCodeOf(results: readonly BoundResult[]): number {
  const ends = results.map(({ result }) => result.ended);
  if (ends.includes("broken")) return EXIT_CODES.invalid;
  return ends.includes("limit") ? EXIT_CODES.unknown : EXIT_CODES.valid;
}

function document({ bound, result, story, ...rest }: BoundResult): unknown {
  const { path: _path, ...figures } = result;
  return { bound, ...figures, ...rest, story: story?.text ?? null };
}
