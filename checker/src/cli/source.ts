import { createReadStream, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { getHeapStatistics } from "node:v8";
import { FormatError } from "../formats/format-error.js";
import type { HistoryFormat, Recording } from "../formats/event.js";
import { readHistoryStream } from "../formats/reader.js";
import { FailureError, messageOf } from "./errors.js";

const CHUNK_BYTES = 1024 * 1024;
/** Where a recorded run keeps its events. */
export const RUN_HISTORY = "history.jsonl";

/** Events may take so much of the heap: the rest is for what is made of them. */
const HEAP_SHARE = 0.6;

/** The history in a file, in a recorded run's folder, or on standard input (`-`). Throws FailureError. */
export async function readSource(
  path: string,
  format: HistoryFormat | undefined,
  heapBytes = getHeapStatistics().heap_size_limit * HEAP_SHARE,
): Promise<Recording> {
  try {
    return await readHistoryStream(withinHeap(await open(path), heapBytes), { format });
  } catch (error) {
    if (error instanceof FailureError) throw error;
    if (error instanceof FormatError) {
      const { reason, remedy, line } = error;
      throw new FailureError({ kind: "data", reason, remedy, line });
    }
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== "string") throw error;
    throw new FailureError({ kind: "data", ...fileProblem(code, error), line: null });
  }
}

/** A history that is too large is told, before the process dies of it. */
async function* withinHeap(source: AsyncIterable<Uint8Array>, heapBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    yield chunk;
    bytes += chunk.length;
    if (getHeapStatistics().used_heap_size <= heapBytes) continue;
    const read = `${Math.round(bytes / 2 ** 20)} MiB of it were read`;
    throw new FailureError({
      kind: "failed",
      reason: `the history does not fit into memory (${read})`,
      remedy: "give Node more (NODE_OPTIONS=--max-old-space-size=16000), or check key by key",
      line: null,
    });
  }
}

async function open(path: string): Promise<AsyncIterable<Uint8Array>> {
  if (path === "-") return process.stdin;
  const isFolder = (await stat(path)).isDirectory();
  const file = isFolder ? join(path, RUN_HISTORY) : path;
  if (isFolder && !existsSync(file)) {
    const reason = `a folder without ${RUN_HISTORY}`;
    throw new FailureError({ kind: "data", reason, remedy: GIVE_A_HISTORY, line: null });
  }
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}

const GIVE_A_HISTORY = `give a history, or the folder of a run (with a ${RUN_HISTORY})`;

function fileProblem(code: string, error: unknown): { readonly reason: string; readonly remedy: string } {
  if (code === "ENOENT") return { reason: "no such file", remedy: GIVE_A_HISTORY };
  if (code === "EACCES") return { reason: "it may not be read", remedy: "look at its permissions" };
  return { reason: messageOf(error), remedy: "give a file that can be read" };
}
