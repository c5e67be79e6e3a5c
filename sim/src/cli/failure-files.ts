import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lanesHtml } from "../report/lanes.js";
import { traceText } from "../report/trace-text.js";
import type { SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import { formatScenarioFile } from "./scenario-file.js";
import type { Finished } from "./workers/job.js";

export interface FailureFiles {
  readonly scenario: string;
  readonly shrunk: string | null;
  readonly trace: string;
  readonly lanes: string;
}

/** What is saved of a scenario that was run. */
export type Ran = { readonly scenario: Scenario; readonly result: SimResult };

/**
 * Saves a failure to read and to replay: `scenario.json` as it was drawn, `shrunk.json` where it was shrunk, and of
 * the smaller one `trace.txt` and `lanes.html`.
 */
export async function saveFailure(
  directory: string,
  drawn: Ran,
  shrunk: Ran | null,
  traced: Finished,
): Promise<FailureFiles> {
  await mkdir(directory, { recursive: true });
  const files: FailureFiles = {
    scenario: join(directory, "scenario.json"),
    shrunk: shrunk === null ? null : join(directory, "shrunk.json"),
    trace: join(directory, "trace.txt"),
    lanes: join(directory, "lanes.html"),
  };
  const trace = traced.trace ?? [];
  await saveScenario(files.scenario, drawn);
  if (shrunk !== null && files.shrunk !== null) await saveScenario(files.shrunk, shrunk);
  await writeFile(files.trace, traceText(trace, traced.result));
  await writeFile(files.lanes, lanesHtml(trace, traced.scenario, traced.result));
  return files;
}

export async function saveScenario(path: string, { scenario, result }: Ran): Promise<void> {
  await writeFile(path, formatScenarioFile(scenario, result));
}
