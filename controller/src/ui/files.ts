import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { FileEntry } from "@gauntlet/ui";

const DEEPEST = 4;
const MOST = 500;

/** The plain files of a run, links left out. */
export async function filesOf(directory: string): Promise<readonly FileEntry[]> {
  const found: FileEntry[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (found.length >= MOST) return;
      if (entry.isDirectory() && depth < DEEPEST) await walk(path, depth + 1);
      if (!entry.isFile() || entry.name.endsWith(".tmp")) continue;
      const { size } = await stat(join(directory, path)).catch(() => ({ size: 0 }));
      found.push({ path, bytes: size });
    }
  };
  await walk("", 0);
  return found.toSorted((a, b) => Number(a.path.includes("/")) - Number(b.path.includes("/")));
}

/**
 * The file that an address names, or null. It must be one that the list has, and its real place must be in the run's
 * folder: neither dots nor links lead out.
 */
export async function findFile(directory: string, path: string): Promise<string | null> {
  const listed = (await filesOf(directory)).some((entry) => entry.path === path);
  if (!listed) return null;
  try {
    const root = await realpath(directory);
    const real = await realpath(join(root, path));
    return real.startsWith(root + sep) ? real : null;
  } catch {
    return null;
  }
}
