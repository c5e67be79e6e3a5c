import { randomInt } from "node:crypto";
import { z } from "zod";
import { PATHS } from "./paths.js";
import { run } from "./run.js";

/** As much of the end of the log as is harmed in no other way. */
const TAIL_BYTES = 8 * 1024;

const record = z.object({ segment: z.string(), offset: z.number(), bytes: z.number(), type: z.string() });
type Record = z.infer<typeof record>;

/** A place in a file of the log. */
export interface Place {
  readonly segment: string;
  readonly offset: number;
}

/**
 * Records of the log's newest end that the server can prove to have been synced: those before the last record that says so, by
 * the server's own tool. What is harmed there it must tell from a tear. A log without such a record has none.
 */
async function provenTail(directory: string): Promise<readonly Record[]> {
  const dump = ["wal", "dump", "--json", "--data-dir", directory];
  const told = await run(process.execPath, [PATHS.server, ...dump], "");
  const lines = told.split("\n").filter((line) => line !== "");
  const records = lines.map((line) => record.parse(JSON.parse(line)));
  const proof = records.findLast(({ type }) => type === "synced");
  if (proof === undefined) return [];
  return records.filter(
    ({ segment, offset, type }) =>
      segment === proof.segment &&
      offset < proof.offset &&
      offset >= proof.offset - TAIL_BYTES &&
      (type === "entry" || type === "hard-state"),
  );
}

/** A byte of it, every other time one of the newest record; null where there is none. */
export async function drawInProvenTail(directory: string): Promise<Place | null> {
  const records = await provenTail(directory);
  const drawn = randomInt(2) === 0 ? records.at(-1) : records[randomInt(Math.max(1, records.length))];
  if (drawn === undefined) return null;
  return { segment: drawn.segment, offset: drawn.offset + randomInt(drawn.bytes) };
}

/** Throws where the server has no such tool. */
export async function describeProvenTail(directory: string): Promise<string> {
  const records = await provenTail(directory);
  const last = records.at(-1);
  if (last === undefined) throw new Error("the server proves nothing of the end of its log");
  return `${records.length} of its newest records are proved to be synced, the last at ${last.offset} of ${last.segment}`;
}
