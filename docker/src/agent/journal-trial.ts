import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { PATHS } from "./paths.js";
import { PowerJournal } from "./power-journal.js";

const SYNCED = "synced";

/**
 * A process writes on this machine's volume through the journal's shim, is killed, and loses its power: what it synced is there
 * afterwards, and what it did not sync is gone. Throws where that is not so.
 */
export async function tryJournal(): Promise<string> {
  const [data, notes] = [join(PATHS.volume, "trial"), join(PATHS.volume, "trial-journal")];
  const journal = new PowerJournal(notes, data);
  try {
    await mkdir(data, { recursive: true });
    await journal.reset();
    await writeAndDie(data, notes);
    const { lostBytes, lostEntries } = await journal.cut(1, 0);
    const kept = await readFile(join(data, "kept"), "utf8").catch(() => null);
    const synchronous = await readFile(join(data, "synchronous"), "utf8").catch(() => null);
    const made = await readFile(join(data, "made"), "utf8").catch(() => null);
    if (kept !== SYNCED || synchronous !== SYNCED || made !== null || lostBytes === 0 || lostEntries !== 1) {
      throw new Error(
        `after the loss a file that was synced is "${kept}", one that was written in synchrony "${synchronous}", and one that was not is ${made === null ? "gone" : "there"}`,
      );
    }
    return `the preloaded journal took back ${lostBytes} bytes and ${lostEntries} entry that were not synced, what was synced is there`;
  } finally {
    for (const directory of [data, notes]) await rm(directory, { recursive: true, force: true });
  }
}

async function writeAndDie(data: string, notes: string): Promise<void> {
  const child = spawn(process.execPath, ["-e", WRITER, data, SYNCED], {
    env: {
      ...process.env,
      LD_PRELOAD: PATHS.journalShim,
      GAUNTLET_DISK_DIR: data,
      GAUNTLET_DISK_JOURNAL: notes,
      UV_USE_IO_URING: "0",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal !== "SIGKILL") {
    throw new Error(
      `a process with the journal's shim ended with ${signal ?? code}: ${said.trim().split("\n").at(-1)}`,
    );
  }
}

const WRITER = `
  const fs = require("fs");
  const [data, synced] = process.argv.slice(1);
  const kept = fs.openSync(data + "/kept", "w");
  fs.writeSync(kept, synced);
  fs.fdatasyncSync(kept);
  const { O_CREAT, O_WRONLY, O_DSYNC } = fs.constants;
  fs.writeSync(fs.openSync(data + "/synchronous", O_CREAT | O_WRONLY | O_DSYNC), synced);
  fs.fsyncSync(fs.openSync(data, "r"));
  fs.writeSync(kept, "not synced");
  fs.writeFileSync(data + "/made", "not synced");
  process.kill(process.pid, "SIGKILL");
`;
