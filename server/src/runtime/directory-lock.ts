import { stat } from "node:fs/promises";
import { createServer } from "node:net";

/** The directory is in use by another process. */
export class DirectoryLocked extends Error {}

/**
 * Keeps a second server off the directory `path` for as long as this process lives: two with one log would
 * vote twice. The lock is an abstract socket named after the directory's inode, which the kernel
 * releases however the process ends, so that no stale lock can stand in the way of a restart.
 * Linux only, and within one network namespace; elsewhere nothing is locked.
 */
export async function lockDirectory(path: string): Promise<void> {
  if (process.platform !== "linux") return;
  const { dev, ino } = await stat(path);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const locked = error.code === "EADDRINUSE";
      reject(locked ? new DirectoryLocked(`${path} is in use by another gauntlet-server`) : error);
    });
    server.listen(`\0gauntlet-data-dir-${dev}-${ino}`, resolve);
  });
}
