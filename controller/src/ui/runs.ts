import { listRuns, readResults, type RunEntry } from "@gauntlet/histories";
import type { RunRow, RunState } from "@gauntlet/ui";
import { describeRun, readConfiguration } from "./description.js";
import { stateOf } from "./state.js";

const REASON_CHARACTERS = 300;

/** The list of runs under a root. A run that is over is read once. */
export class RunList {
  readonly #root: string;
  readonly #known = new Map<string, { readonly changedMs: number; readonly row: RunRow }>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Those that go on first, then the newest first. */
  async rows(): Promise<readonly RunRow[]> {
    const rows: RunRow[] = [];
    const entries = await listRuns(this.#root);
    for (const entry of entries) rows.push(await this.#row(entry));
    const present = new Set(entries.map(({ path }) => path));
    for (const path of this.#known.keys()) if (!present.has(path)) this.#known.delete(path);
    return rows.toSorted((a, b) => Number(b.state === "running") - Number(a.state === "running"));
  }

  async #row(entry: RunEntry): Promise<RunRow> {
    const { state, judgedAtMs } = await stateOf(entry.path);
    const changedMs = judgedAtMs ?? -1;
    const known = this.#known.get(entry.path);
    if (
      known !== undefined &&
      known.changedMs === changedMs &&
      known.row.state === state &&
      state !== "running"
    )
      return known.row;
    const row = await rowOf(entry, state);
    this.#known.set(entry.path, { changedMs, row });
    return row;
  }
}

async function rowOf(entry: RunEntry, state: RunState): Promise<RunRow> {
  const id = idOf(entry.path);
  const description = describeRun(await readConfiguration(entry.path), id);
  const results = state === "running" ? null : await readResults(entry.path).catch(() => null);
  const faults = new Map<string, number>();
  for (const { fault } of results?.faults ?? []) faults.set(fault, (faults.get(fault) ?? 0) + 1);
  return {
    id,
    test: entry.test,
    seed: entry.seed,
    startedAt: entry.startedAt.toISOString(),
    state,
    verdict: results?.verdict ?? null,
    reason: results === null ? null : short(results.reason),
    workload: description.workload,
    system: description.system,
    timeLimitMs: description.timeLimitMs,
    faults: [...faults],
    okPerSecond: results?.okPerSecond ?? null,
  };
}

function short(reason: string): string {
  return reason.length > REASON_CHARACTERS ? `${reason.slice(0, REASON_CHARACTERS)}…` : reason;
}

/** `<test>/<name>`. */
function idOf(path: string): string {
  return path.split(/[/\\]/).slice(-2).join("/");
}
