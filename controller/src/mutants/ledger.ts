import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { DataError, messageOf } from "../errors.js";
import type { CampaignRun } from "./campaign.js";

const ENTRY = z.object({
  mutant: z.string(),
  /** What it was a run of: `keyOf`. */
  key: z.string(),
  seed: z.int(),
  directory: z.string(),
  verdict: z.enum(["valid", "invalid", "unknown", "failed"]),
  foundBy: z.array(z.string()),
  isComplete: z.boolean(),
  violationAtMs: z.number().nullable(),
});

/** Runs of one mutant under one key, in a file that many campaigns append to, so that an interrupted one goes on. */
export class Ledger {
  readonly #path: string;
  readonly #mutant: string;
  readonly #key: string;
  readonly #runs = new Map<number, CampaignRun>();

  private constructor(path: string, mutant: string, key: string) {
    this.#path = path;
    this.#mutant = mutant;
    this.#key = key;
  }

  /** Throws DataError where the file cannot be read; a last line that was cut off is left out. */
  static async open(path: string, mutant: string, key: string): Promise<Ledger> {
    const ledger = new Ledger(path, mutant, key);
    for (const [at, line] of (await linesOf(path)).entries()) {
      const entry = ENTRY.safeParse(jsonOf(line));
      if (!entry.success) throw new DataError(`${path}:${at + 1}: not a run of a campaign`);
      const { mutant: name, key: of, ...run } = entry.data;
      if (name === mutant && of === key) ledger.#runs.set(run.seed, run);
    }
    return ledger;
  }

  get(seed: number): CampaignRun | undefined {
    return this.#runs.get(seed);
  }

  /** Only runs that decide something are kept: others are run again. */
  async add(run: CampaignRun): Promise<void> {
    if (run.foundBy.length === 0 && !run.isComplete) return;
    this.#runs.set(run.seed, run);
    await mkdir(dirname(this.#path), { recursive: true });
    await appendFile(this.#path, `${JSON.stringify({ mutant: this.#mutant, key: this.#key, ...run })}\n`);
  }
}

/** Of everything that decides what a run would show: another rig, server, patch or schedule is another key. */
export function keyOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 16);
}

/** Whole lines: a campaign that was killed may have left half of one. */
async function linesOf(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, "utf8")).split("\n").slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new DataError(`${path}: ${messageOf(error)}`);
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
