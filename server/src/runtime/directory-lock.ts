import { constants, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { tryLock } from "fs-native-extensions";

/** The directory is in use by another process, or nobody can tell. */
export class DirectoryLocked extends Error {}

/** A file that holds nothing. It stays: what counts is who has it locked. */
const NAME = "lock";

/** A handle that is collected is closed, and its lock with it. */
const held: FileHandle[] = [];

/**
 * Keeps a second server off the directory `path` for as long as this process lives: two with one log would
 * vote twice. The kernel ties the lock to the open file (Linux: F_OFD_SETLK, macOS: flock), whoever opens it from whatever
 * container, and releases it however the process ends, so that no stale lock can stand in the way of a restart.
 * Rejects with DirectoryLocked where another has it, or the file system knows no locks, and with Node's errors.
 */
export async function lockDirectory(path: string): Promise<void> {
  const file = await open(join(path, NAME), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    if (!locked(file, path)) throw new DirectoryLocked(`${path} is in use by another gauntlet-server`);
    held.push(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function locked(file: FileHandle, path: string): boolean {
  try {
    return tryLock(file.fd);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DirectoryLocked(
      `${path} cannot be kept from a second gauntlet-server, for its file system knows no locks (${reason}): use a local disk`,
      { cause: error },
    );
  }
}
