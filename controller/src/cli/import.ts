import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  createRunDirectory,
  HistoryWriter,
  readForeignHistory,
  RUN_FILES,
  type Verdict,
  writeResults,
  writeTest,
} from "@gauntlet/histories";
import { asUsageError } from "../errors.js";
import { shownPath } from "../text.js";
import { judgeRecorded } from "./check.js";
import { findWorkload } from "./configure.js";
import { summarize } from "./summary.js";

export interface ImportFlags {
  readonly workload: string;
  readonly independent?: boolean;
  readonly nil: "absent" | "unknown";
  readonly json?: boolean;
  readonly runsRoot: string;
}

const TEST = "imported";

/**
 * `gauntlet import FILE`: a history that another rig recorded (Jepsen's EDN, JSON, JSON lines) as a run of ours, and what
 * the workload's checks say of it. What was asked of its nemesis nobody knows here.
 */
export async function importCommand(path: string, flags: ImportFlags): Promise<Verdict> {
  const workload = findWorkload(flags.workload);
  const foreign = await readForeignHistory(path, {
    independent: flags.independent === true,
    nil: flags.nil,
  });
  const startedAt = new Date();
  const directory = await createRunDirectory(flags.runsRoot, TEST, startedAt, 0).catch((error: unknown) => {
    throw asUsageError("--runs-root", error);
  });
  await writeTest(directory, {
    version: 1,
    test: TEST,
    seed: 0,
    startedAt: startedAt.toISOString(),
    workload: workload.name,
    imported: { from: basename(path), format: foreign.format, notes: foreign.notes },
  });
  const writer = new HistoryWriter(await open(join(directory, RUN_FILES.history), "ax"), () => 0);
  for (const event of foreign.events) writer.append(event);
  await writer.close();
  const { results, history } = await judgeRecorded(directory, { runsRoot: flags.runsRoot });
  await writeResults(directory, results);
  const shown =
    flags.json === true
      ? JSON.stringify({ directory, ...results }, null, 2)
      : await summarize(results, history);
  process.stdout.write(`${shown}\n`);
  if (flags.json !== true) process.stdout.write(`\nrun: ${shownPath(directory)}\n`);
  return results.verdict;
}
