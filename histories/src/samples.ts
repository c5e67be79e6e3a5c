import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { HistoryError } from "./errors.js";
import { RUN_FILES } from "./files.js";
import { firstIssue } from "./reader.js";

/** What a node showed of itself when it was asked from outside. Null: it did not answer in time, or does not tell. */
export interface NodeReading {
  readonly node: string;
  readonly role: "leader" | "follower" | "candidate" | "learner" | null;
  readonly term: number | null;
  readonly commitIndex: number | null;
  readonly appliedIndex: number | null;
  /** Its wall clock less the rig's. */
  readonly wallOffsetMs: number | null;
  /** Its timers' speed since the sample before, by the rig's clock; 1 is true time. */
  readonly timerRate: number | null;
  /** Of the server's process. */
  readonly rssBytes: number | null;
  readonly openFiles: number | null;
  /** Log and state together. */
  readonly diskBytes: number | null;
}

/** One line of nodes.jsonl. The nodes that are asked together have one time. */
export interface NodeSample extends NodeReading {
  /** When the asking began: whole nanoseconds since the run began, the clock of the history. */
  readonly time: number;
}

const measured = z.number().nullable();

const sampleSchema = z.looseObject({
  time: z.int().nonnegative(),
  node: z.string().min(1),
  role: z.enum(["leader", "follower", "candidate", "learner"]).nullable(),
  term: measured,
  commitIndex: measured,
  appliedIndex: measured,
  wallOffsetMs: measured,
  timerRate: measured,
  rssBytes: measured,
  openFiles: measured,
  diskBytes: measured,
});

/** Null for a line that is no sample. */
export function parseSample(line: string): NodeSample | null {
  try {
    return sampleSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * The samples of a run, in order; null where it recorded none, as older runs. A last line that was cut off is left
 * out; any other damage is a HistoryError.
 */
export async function readSamples(run: string): Promise<readonly NodeSample[] | null> {
  const path = join(run, RUN_FILES.samples);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw new HistoryError(path, null, message, { cause: error });
  }
  const lines = text.split("\n");
  // What follows the last newline was never finished.
  lines.pop();
  return lines.map((line, index) => sampleOf(line, path, index + 1));
}

function sampleOf(line: string, path: string, number: number): NodeSample {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new HistoryError(path, number, "not JSON", { cause });
  }
  const parsed = sampleSchema.safeParse(json);
  if (!parsed.success) throw new HistoryError(path, number, firstIssue(parsed.error));
  return parsed.data;
}

/** Appends samples to a run's nodes.jsonl, which must not exist. */
export class SampleWriter {
  readonly #file: FileHandle;
  #writing: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(run: string): Promise<SampleWriter> {
    return new SampleWriter(await open(join(run, RUN_FILES.samples), "ax"));
  }

  /** In order, in the background: close() tells of a write that failed, and nothing is written after it. */
  write(samples: readonly NodeSample[]): void {
    const lines = samples.map((sample) => `${JSON.stringify(sample)}\n`).join("");
    this.#writing = this.#append(this.#writing, lines);
  }

  /** Rejects if a write failed; the file is closed in any case. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
    if (this.#failure !== null) throw this.#failure;
  }

  async #append(earlier: Promise<void>, lines: string): Promise<void> {
    await earlier;
    if (this.#failure !== null) return;
    try {
      await this.#file.appendFile(lines);
    } catch (cause) {
      this.#failure = new Error(`cannot write ${RUN_FILES.samples}: ${(cause as Error).message}`, { cause });
    }
  }
}
