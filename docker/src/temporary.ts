import { rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatOwner, mayBeAlive, parseOwner, thisProcess } from "./owner.js";

export interface TemporaryDirectory {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

const PREFIX = "gauntlet-";
/** In each: who made it. */
const OWNER_FILE = ".gauntlet-owner";
/** Something may still be writing there. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5 } as const;

/**
 * A new directory under the system's temporary one, which also goes when this process exits before it is removed; where
 * it is killed, removeLeftoverDirectories() finds it.
 * @param prefix `gauntlet-…`
 */
export async function temporaryDirectory(prefix: `gauntlet-${string}`): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const onExit = (): void => rmSync(path, REMOVAL);
  process.on("exit", onExit);
  const remove = async (): Promise<void> => {
    await rm(path, REMOVAL);
    process.off("exit", onExit);
  };
  await writeFile(join(path, OWNER_FILE), formatOwner(thisProcess()));
  return { path, remove };
}

/**
 * Removes the temporary directories whose processes are gone, and gives their paths. What is of a process that lives or
 * cannot be seen from here, of nobody that is known, or of another user stays.
 */
export async function removeLeftoverDirectories(): Promise<readonly string[]> {
  const entries = await readdir(tmpdir(), { withFileTypes: true });
  const removed: string[] = [];
  for (const entry of entries) {
    // No link is followed out of there.
    if (!entry.isDirectory() || !entry.name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), entry.name);
    try {
      const owner = parseOwner(await readFile(join(path, OWNER_FILE), "utf8"));
      if (owner === null || mayBeAlive(owner)) continue;
      await rm(path, REMOVAL);
      removed.push(path);
    } catch {
      // No word of an owner, or not ours to remove.
    }
  }
  return removed;
}
