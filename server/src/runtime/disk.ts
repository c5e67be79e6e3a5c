import { constants, mkdir, open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Disk, DiskFile } from "../ports.js";

const FLAGS = {
  read: constants.O_RDONLY,
  "read-write": constants.O_RDWR,
  "create-exclusive": constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
} as const;

/**
 * The directory `path` as a Disk; creates it when it is not there, so that it survives a power cut.
 * Rejects with Node's error when it cannot be made or is not a directory.
 */
export async function openNodeDisk(path: string): Promise<Disk> {
  const directory = resolve(path);
  const firstCreated = await mkdir(directory, { recursive: true });
  // A new directory lives once its parent is synced. The immediate parent is synced also when the
  // directory was there already: the run that made it may have died before it came to this.
  const top = firstCreated === undefined ? directory : resolve(firstCreated);
  for (let child = directory; ; child = dirname(child)) {
    await syncDirectory(dirname(child));
    if (child === top || child === dirname(child)) break;
  }
  return {
    list: () => readdir(directory),
    open: (name, mode) => openFile(join(directory, name), mode),
    rename: (from, to) => rename(join(directory, from), join(directory, to)),
    remove: (name) => rm(join(directory, name)),
    syncDirectory: () => syncDirectory(directory),
  };
}

/** Node opens directories, too, and says of a read from one that it failed, and not where. */
async function openRegular(path: string, flags: number): Promise<FileHandle> {
  const handle = await open(path, flags, 0o600);
  if (!(await handle.stat()).isDirectory()) return handle;
  await handle.close();
  const error = new Error(`a directory stands where a file is needed: ${path}`);
  throw Object.assign(error, { code: "EISDIR", syscall: "open", path });
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * With a second descriptor, whose writes are synced when they return (O_DSYNC): a durable write is one turn of the
 * thread pool instead of two.
 */
async function openFile(path: string, mode: keyof typeof FLAGS): Promise<DiskFile> {
  const handle = await openRegular(path, FLAGS[mode]);
  if (mode === "read") return nodeFile(handle, handle);
  try {
    return nodeFile(handle, await open(path, constants.O_WRONLY | constants.O_DSYNC));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function nodeFile(handle: FileHandle, synchronous: FileHandle): DiskFile {
  return {
    read: (into, offset) => readFully(handle, into, offset),
    write: (parts, offset) => writeFully(handle, parts, offset),
    writeDurably: (parts, offset) => writeFully(synchronous, parts, offset),
    truncate: (length) => handle.truncate(length),
    sync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: async () => {
      if (synchronous !== handle) await synchronous.close();
      await handle.close();
    },
  };
}

async function readFully(handle: FileHandle, into: Uint8Array, offset: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** pwritev may stop short (a signal, a full disk): go on until everything is out or it says why not. */
async function writeFully(handle: FileHandle, parts: readonly Uint8Array[], offset: number): Promise<void> {
  let position = offset;
  let rest = parts.filter((part) => part.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, position);
    if (bytesWritten === 0) throw new Error(`the disk took no byte of a write at offset ${position}`);
    position += bytesWritten;
    rest = withoutPrefix(rest, bytesWritten);
  }
}

/** `parts` without their first `bytes` bytes. */
export function withoutPrefix(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = bytes;
  for (const part of parts) {
    if (skip < part.length) rest.push(skip === 0 ? part : part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}
