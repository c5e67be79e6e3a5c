import { writeFile } from "node:fs/promises";
import { EXIT_CODES } from "@gauntlet/histories";
import { lanesHtml } from "../report/lanes.js";
import { ending, traceText, type TraceTextOptions } from "../report/trace-text.js";
import type { SimResult } from "../result.js";
import { interruptible } from "./interrupt.js";
import { shownPath } from "./paths.js";
import { readScenarioFile, type ScenarioFile } from "./scenario-file.js";
import { runWhole } from "./shrink-in-thread.js";
import { drawOptions } from "./run.js";
import { seed } from "./values.js";
import type { Source } from "./workers/job.js";

export interface ReplayFlags {
  readonly trace?: boolean;
  readonly html?: string;
  readonly focus?: readonly string[];
  readonly workload?: string;
  readonly node?: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly lines?: number;
}

/** `gauntlet-sim replay <seed | scenario.json>`. Returns the exit code. */
export async function replayCommand(what: string, flags: ReplayFlags): Promise<number> {
  const { source, expected } = await sourceOf(what, flags);
  const { scenario, result, trace } = await interruptible(
    (signal) => runWhole({ source, isTraced: true }, signal),
    (line) => void process.stderr.write(`${line}\n`),
  );
  const events = trace ?? [];
  const text =
    flags.trace === true ? traceText(events, result, textOptions(flags)) : `${ending(events, result)}\n`;
  process.stdout.write(text);
  if (expected !== null) tellDifference(expected, result);
  if (flags.html !== undefined) {
    await writeFile(flags.html, lanesHtml(events, scenario, result));
    process.stderr.write(`written: ${shownPath(flags.html)}\n`);
  }
  return exitCodeOf(result);
}

export function exitCodeOf({ failure }: SimResult): number {
  if (failure === null) return EXIT_CODES.valid;
  return failure.kind === "simulator" ? EXIT_CODES.failed : EXIT_CODES.invalid;
}

async function sourceOf(
  what: string,
  flags: Pick<ReplayFlags, "focus" | "workload">,
): Promise<{ readonly source: Source; readonly expected: ScenarioFile["expected"] }> {
  if (/^\d+$/.test(what)) {
    const drawnFrom = seed("seed")(what);
    return {
      source: { from: "seed", seed: drawnFrom, options: drawOptions(flags), overrides: null },
      expected: null,
    };
  }
  const { scenario, expected } = await readScenarioFile(what);
  return { source: { from: "scenario", scenario }, expected };
}

function textOptions({ node, from, to, lines }: ReplayFlags): TraceTextOptions {
  return {
    ...(node === undefined ? {} : { nodes: node }),
    ...(from === undefined ? {} : { fromMs: from }),
    ...(to === undefined ? {} : { toMs: to }),
    ...(lines === undefined ? {} : { maxLines: lines }),
  };
}

function tellDifference(expected: NonNullable<ScenarioFile["expected"]>, { traceHash }: SimResult): void {
  const isSame = expected.traceHash === traceHash;
  const was = expected.failure === null ? "valid" : `${expected.failure.kind}: ${expected.failure.name}`;
  process.stderr.write(
    isSame
      ? `the same trace as when it was saved (hash ${traceHash})\n`
      : `ANOTHER TRACE than when it was saved (hash ${traceHash}, then ${expected.traceHash}, ${was}): the code has changed since, or the simulator is not deterministic (gauntlet-sim determinism tells)\n`,
  );
}
