import { link, lstat, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "@gauntlet/nemesis";

/** What shim/journal.c notes of a change in directories that are not synced since; a directory is known by its inode. */
type Entry = { readonly note: string } & (
  | { readonly what: "create" | "mkdir" | "unlink"; readonly directory: number; readonly name: string }
  | { readonly what: "rmdir"; readonly directory: number; readonly name: string; readonly inode: number }
  | {
      readonly what: "rename";
      readonly directory: number;
      readonly name: string;
      readonly to: { readonly directory: number; readonly name: string };
      readonly inode: number;
    }
);

export interface Undone {
  readonly count: number;
  /** Of files that are gone. */
  readonly lostBytes: number;
}

/** Takes back changes of directories below `root` that are noted in `entries`, the last first, down to one that is drawn. */
export async function undoEntries(
  entries: string,
  root: string,
  keptShare: number,
  random: Random,
): Promise<Undone> {
  const all = await readEntries(entries);
  const kept = keptShare === 0 ? 0 : random.below(all.length + 1);
  let count = 0;
  let lostBytes = 0;
  /** Directories that were made again, by the inode that they had. */
  const again = new Map<number, string>();
  for (const [index, entry] of [...all.entries()].toReversed()) {
    const directories = await directoriesBelow(root);
    const pathOf = ({
      directory,
      name,
    }: {
      readonly directory: number;
      readonly name: string;
    }): string | null => {
      const path = again.get(directory) ?? directories.get(directory);
      return path === undefined ? null : join(path, name);
    };
    const path = pathOf(entry);
    if (index < kept || path === null) continue;
    const saved = join(entries, `${entry.note}.ino`);
    switch (entry.what) {
      case "create":
      case "mkdir": {
        const bytes = await bytesBelow(path);
        if (bytes === null) continue;
        await rm(path, { recursive: true });
        lostBytes += bytes;
        break;
      }
      case "unlink":
        if (!(await comesBack(saved, path))) continue;
        break;
      case "rmdir":
        // Killed before it was removed: it is there.
        if ((await inodeAt(path)) !== null) continue;
        await mkdir(path);
        again.set(entry.inode, path);
        break;
      case "rename": {
        const to = pathOf(entry.to);
        if (to === null || (await inodeAt(to)) !== entry.inode) continue;
        await rename(to, path);
        await comesBack(saved, to);
        break;
      }
    }
    count += 1;
  }
  return { count, lostBytes };
}

async function readEntries(below: string): Promise<readonly Entry[]> {
  const notes = (await readdir(below)).filter((name) => !name.endsWith(".ino")).toSorted();
  const entries: Entry[] = [];
  for (const note of notes) {
    const [what, directory, name = "", more, last, inode] = (await readFile(join(below, note), "utf8")).split(
      "/",
    );
    const at = { note, directory: Number(directory), name };
    if (what === "create" || what === "mkdir" || what === "unlink") entries.push({ what, ...at });
    else if (what === "rmdir") entries.push({ what, ...at, inode: Number(last) });
    else if (what === "rename") {
      const to = { directory: Number(more), name: last ?? "" };
      entries.push({ what, ...at, to, inode: Number(inode) });
    }
    // An empty one: the server died before it did anything.
    else if (what !== "") throw new Error(`${join(below, note)} is no note of the journal`);
  }
  return entries;
}

async function directoriesBelow(root: string): Promise<ReadonlyMap<number, string>> {
  const paths = [root];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) paths.push(join(entry.parentPath, entry.name));
  }
  return new Map(await Promise.all(paths.map(async (path) => [(await lstat(path)).ino, path] as const)));
}

/** Null when there is nothing of that name. */
async function bytesBelow(path: string): Promise<number | null> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return null;
  if (!found.isDirectory()) return found.size;
  let bytes = 0;
  for (const name of await readdir(path)) bytes += (await bytesBelow(join(path, name))) ?? 0;
  return bytes;
}

async function inodeAt(path: string): Promise<number | null> {
  return (await lstat(path).catch(() => null))?.ino ?? null;
}

/** Whether it had been gone. */
async function comesBack(saved: string, path: string): Promise<boolean> {
  return link(saved, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "EEXIST") return false;
      throw error;
    },
  );
}
