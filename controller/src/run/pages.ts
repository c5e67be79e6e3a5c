import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type HistoryEvent, RUN_FILES, type RunResults, type TestDescription } from "@gauntlet/histories";
import { failedKeysHtml, type LinearizabilityEvidence } from "@gauntlet/workloads";
import { renderReport } from "../report/index.js";

/** What the pages of a run are made of. */
export interface Judged {
  readonly results: RunResults;
  readonly test: TestDescription;
  readonly history: readonly HistoryEvent[];
}

/** The histories of the keys that failed. Returns the file's name, or null where no key failed. */
export async function writeFailedKeys(
  directory: string,
  { results, test, history }: Judged,
): Promise<string | null> {
  const failed = results.checks.find(
    ({ name, verdict }) => name === "linearizability" && verdict === "invalid",
  );
  if (failed === undefined) return null;
  const evidence = failed.details as LinearizabilityEvidence;
  const page = failedKeysHtml(history, evidence, { title: titleOf(test), faults: results.faults });
  await writeFile(join(directory, RUN_FILES.linearizability), page);
  return RUN_FILES.linearizability;
}

/** report.html, of what lies in the run's folder. */
export async function writeReport(directory: string, results: RunResults): Promise<void> {
  await writeFile(join(directory, RUN_FILES.report), await renderReport(directory, results));
}

function titleOf({ test, startedAt, seed }: TestDescription): string {
  return `${test} ${startedAt} seed ${seed}`;
}
