import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { RUN_FILES, writeJson } from "./files.js";

/** How far the check has come that runs beside the recording. Counts are events of the history. */
export interface LiveCheckStatus {
  readonly state: "checking" | "violation" | "given up" | "done";
  readonly recorded: number;
  readonly checked: number;
  /** Memory of the thread that checks; null until it has told. */
  readonly heapBytes: number | null;
  /** Why it was given up, or what it found. */
  readonly reason: string | null;
}

/** live.json: what a run says of itself while it goes on. Written again about each second, as one piece. */
export interface LiveStatus {
  readonly version: 1;
  /** The rig's process. */
  readonly pid: number;
  /** ISO 8601. One that is older than LIVE_STALE_MS belongs to a rig that died. */
  readonly updatedAt: string;
  /** prepare, main, heal, final reads, stop, check; then done. */
  readonly phase: string;
  /** Milliseconds since time 0; null before the main phase. */
  readonly elapsedMs: number | null;
  /** Null: nothing is checked before the end. */
  readonly check: LiveCheckStatus | null;
}

/** Generous: a machine under load is late. */
export const LIVE_STALE_MS = 15_000;

const statusSchema = z.looseObject({
  version: z.literal(1),
  pid: z.int(),
  updatedAt: z.iso.datetime(),
  phase: z.string(),
  elapsedMs: z.number().nullable(),
  check: z
    .looseObject({
      state: z.enum(["checking", "violation", "given up", "done"]),
      recorded: z.int().nonnegative(),
      checked: z.int().nonnegative(),
      heapBytes: z.number().nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
});

export async function writeLive(run: string, status: LiveStatus): Promise<void> {
  await writeJson(join(run, RUN_FILES.live), status);
}

/** Null where there is none, or none that can be read: it is for people who look on, and no evidence. */
export async function readLive(run: string): Promise<LiveStatus | null> {
  try {
    const parsed = statusSchema.safeParse(JSON.parse(await readFile(join(run, RUN_FILES.live), "utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
