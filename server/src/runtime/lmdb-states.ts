import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StateDamaged, type StateEngine, type StateStorage } from "../ports.js";
import { openNodeDisk, syncDirectory } from "./disk.js";
import { DATA_FILE, LmdbEngine, makeEnvironment } from "./lmdb-engine.js";

const NAME = /^state-(0|[1-9]\d*)$/;
const LEFTOVER = /^state-\d+\.(new|gone)$/;

/** There while a state is read for the first time in a process: LMDB may kill a process that trusts a damaged file. */
const LOADING = "loading";

export interface LmdbStatesOptions {
  /**
   * Verifies a state in another process (state-verification.ts); rejects with StateDamaged. Called where the last process that
   * opened it ended before it had read all. Without it such a state is opened as any other, and may end this process, too.
   */
  readonly verify?: (generation: number) => Promise<void>;
}

/**
 * States in LMDB, in directories `state-<generation>` of `path`. A generation appears and goes as a whole: it is made
 * under another name, and renamed when it is durable; removal begins with a rename, too.
 */
export function lmdbStates(path: string, options: LmdbStatesOptions = {}): StateStorage {
  return {
    async list() {
      const generations: number[] = [];
      for (const name of await namesIn(path)) {
        if (LEFTOVER.test(name)) await rm(join(path, name), { recursive: true, force: true });
        const match = NAME.exec(name);
        if (match !== null) generations.push(Number(match[1]));
      }
      return generations.toSorted((one, other) => one - other);
    },
    async open(generation): Promise<StateEngine> {
      const directory = stateDirectory(path, generation);
      await openNodeDisk(path);
      if (!(await exists(directory))) await create(path, directory);
      await checkFile(directory);
      const marker = join(directory, LOADING);
      const wasLoading = (await exists(marker)) || !(await mark(marker));
      if (options.verify !== undefined && wasLoading) await options.verify(generation);
      const unmark = (): Promise<void> => rm(marker, { force: true });
      try {
        return await LmdbEngine.open(directory, { loaded: unmark });
      } catch (error) {
        await unmark();
        throw error;
      }
    },
    async remove(generation) {
      const directory = stateDirectory(path, generation);
      if (!(await exists(directory))) return;
      const gone = `${directory}.gone`;
      await rm(gone, { recursive: true, force: true });
      await rename(directory, gone);
      await syncDirectory(path);
      await rm(gone, { recursive: true, force: true });
    },
  };
}

export function stateDirectory(path: string, generation: number): string {
  return join(path, `state-${generation}`);
}

async function create(path: string, directory: string): Promise<void> {
  const made = `${directory}.new`;
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { mode: 0o700 });
  try {
    await makeEnvironment(made);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
  const file = await open(join(made, DATA_FILE), "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(made);
  await rename(made, directory);
  await syncDirectory(path);
}

/** LMDB would make an empty state where its file is gone. */
async function checkFile(directory: string): Promise<void> {
  const file = join(directory, DATA_FILE);
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (found?.isFile() === false) {
    const error = new Error(`no file stands where one is needed: ${file}`);
    throw Object.assign(error, { code: "EISDIR", syscall: "open", path: file });
  }
  if (found === null || found.size === 0)
    throw new StateDamaged(`${file} is ${found === null ? "missing" : "empty"}`);
}

/** False: the disk has no room even for that, so nobody would know after a crash. */
async function mark(path: string): Promise<boolean> {
  try {
    await writeFile(path, "");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
