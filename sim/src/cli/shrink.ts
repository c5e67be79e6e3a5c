import { EXIT_CODES } from "@gauntlet/histories";
import { Interrupted } from "../errors.js";
import { failureText } from "./failure-report.js";
import { saveScenario } from "./failure-files.js";
import { interruptible } from "./interrupt.js";
import { shownPath } from "./paths.js";
import { exitCodeOf } from "./replay.js";
import { readScenarioFile } from "./scenario-file.js";
import { runWhole, shrinkInThread, sizeText } from "./shrink-in-thread.js";
import { print, progressOn } from "./terminal.js";

export interface ShrinkFlags {
  readonly tries: number;
  readonly timeLimit: number;
  readonly out?: string;
}

/** `gauntlet-sim shrink <scenario.json>`. Returns the exit code: that of the scenario. */
export async function shrinkCommand(path: string, flags: ShrinkFlags): Promise<number> {
  const { scenario } = await readScenarioFile(path);
  const progress = progressOn(process.stderr, process.env);
  const work = async (signal: AbortSignal): Promise<number> => {
    const { result } = await runWhole({ source: { from: "scenario", scenario }, isTraced: false }, signal);
    const { failure } = result;
    if (failure === null) {
      print("VALID  nothing to shrink: the scenario does not fail");
      return EXIT_CODES.valid;
    }
    const budget = { tries: flags.tries, timeLimitMs: flags.timeLimit };
    const shrunk = await shrinkInThread(scenario, { ...result, failure }, budget, progress, signal);
    progress.close();
    const out = flags.out ?? path.replace(/(\.json)?$/, "-shrunk.json");
    await saveScenario(out, shrunk);
    print(failureText(scenario.seed, shrunk.result.failure ?? failure));
    print(`shrunk in ${shrunk.tries} tries${shrunk.isMinimal ? "" : " (not to the end)"}`);
    print(`from ${sizeText(scenario)}\nto   ${sizeText(shrunk.scenario)}`);
    print(`saved: ${shownPath(out)}\nagain: npx gauntlet-sim replay ${shownPath(out)} --trace`);
    if (signal.aborted) throw new Interrupted("what was found so far is saved");
    return exitCodeOf(result);
  };
  try {
    return await interruptible(work, (line) => progress.line(line));
  } finally {
    progress.close();
  }
}
