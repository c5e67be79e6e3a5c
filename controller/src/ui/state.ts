import { stat } from "node:fs/promises";
import { join } from "node:path";
import { LIVE_STALE_MS, type LiveStatus, readLive, RUN_FILES } from "@gauntlet/histories";
import type { RunState } from "@gauntlet/ui";

export interface StateOfRun {
  readonly state: RunState;
  readonly status: LiveStatus | null;
  /** Of results.json, milliseconds; null: there is none. */
  readonly judgedAtMs: number | null;
}

/** Whether a run goes on, by its files alone: its rig may be any process. */
export async function stateOf(directory: string): Promise<StateOfRun> {
  const status = await readLive(directory);
  const judgedAtMs = await changedAt(join(directory, RUN_FILES.results));
  // A rig that has just begun has told nothing yet. Its last word comes after the results: until then it writes the report.
  const toldAtMs =
    status === null ? await changedAt(join(directory, RUN_FILES.test)) : Date.parse(status.updatedAt);
  const isFresh = toldAtMs !== null && Date.now() - toldAtMs < LIVE_STALE_MS;
  const goesOn = isFresh && (status === null ? judgedAtMs === null : status.phase !== "done");
  return { state: goesOn ? "running" : judgedAtMs === null ? "abandoned" : "finished", status, judgedAtMs };
}

async function changedAt(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.mtimeMs ?? null;
}
