import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { type HistoryEvent, readHistory, resolveRun, toEdn } from "@gauntlet/histories";
import { asUsageError, DataError, UsageError } from "../errors.js";

export interface ExportFlags {
  readonly edn?: boolean;
  readonly key?: string;
  readonly out?: string;
  readonly runsRoot: string;
}

/**
 * `gauntlet export RUN --edn`: a recorded history as Jepsen writes it, a map a line. Values of keyed operations are pairs
 * of key and value, as Jepsen's independent keys are; of one key alone (`--key`) they are plain, as Knossos takes them.
 */
export async function exportCommand(run: string, flags: ExportFlags): Promise<void> {
  if (flags.edn !== true) throw new UsageError("--edn: name the form; EDN is the only one");
  const { history } = await resolveRun(run, flags.runsRoot);
  const { events } = await readHistory(history);
  const chosen = flags.key === undefined ? events : ofKey(events, flags.key, history);
  const lines = chosen.map((event) => toEdn(event, { withKeys: flags.key === undefined }));
  await write(flags.out, lines);
}

/** With the faults, which concern every key. */
function ofKey(events: readonly HistoryEvent[], key: string, path: string): readonly HistoryEvent[] {
  const keys = new Set(events.flatMap((event) => event.key ?? []));
  if (!keys.has(key)) {
    const some = [...keys].slice(0, 5).join(", ");
    throw new DataError(
      `${path}: no operation on the key "${key}"${some === "" ? "" : `; there are ${some} …`}`,
    );
  }
  return events.filter((event) => event.process === "nemesis" || event.key === key);
}

async function write(path: string | undefined, lines: readonly string[]): Promise<void> {
  if (path === undefined) {
    for (const line of lines) if (!process.stdout.write(line)) await once(process.stdout, "drain");
    return;
  }
  try {
    const file = createWriteStream(path);
    for (const line of lines) if (!file.write(line)) await once(file, "drain");
    file.end();
    await finished(file);
  } catch (error) {
    throw asUsageError("--out", error);
  }
}
