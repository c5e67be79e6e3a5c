import type { Config } from "./config.js";
import type { Identity } from "./identity.js";
import { findIdentity } from "./joining.js";
import type { Disk, StateStorage } from "./ports.js";
import { lockDirectory } from "./runtime/directory-lock.js";
import { openNodeDisk } from "./runtime/disk.js";
import { lmdbStates } from "./runtime/lmdb-states.js";
import { verifyInChild } from "./runtime/state-verification.js";
import { readIdentity } from "./wal/index.js";

/** An address or a directory cannot be had; names the flag. */
export class StartError extends Error {}

export interface OwnDirectory {
  readonly disk: Disk;
  readonly states: StateStorage;
}

/** Makes a data directory this process's own. */
export function ownDirectory(dataDir: string): Promise<OwnDirectory> {
  return usingDirectory(dataDir, async () => {
    const disk = await openNodeDisk(dataDir);
    await lockDirectory(dataDir);
    const verify = (generation: number) => verifyInChild(verifyCommand(dataDir, generation));
    return { disk, states: lmdbStates(dataDir, { verify }) };
  });
}

export function identityIn(config: Config, { disk }: OwnDirectory): Promise<Identity> {
  return usingDirectory(config.dataDir, async () => findIdentity(config, disk, await readIdentity(disk)));
}

/** Names the flag whose directory cannot be used. */
export async function usingDirectory<Opened>(dataDir: string, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (!("syscall" in error) && error.code !== "ENOSPC") throw error;
    throw new StartError(
      `--data-dir: cannot use ${dataDir}: ${reasonOf(error as NodeJS.ErrnoException, dataDir)}`,
      { cause: error },
    );
  }
}

/** What is wrong, and what to do where that is not plain. */
function reasonOf(error: NodeJS.ErrnoException, dataDir: string): string {
  const { code = "", path, syscall, message } = error;
  if (code === "EEXIST" || code === "ENOTDIR") {
    const where = path?.startsWith(`${dataDir}/`) === true ? `: ${path}` : "";
    return `a file stands where a directory is needed${where}`;
  }
  if (code === "ENOENT" && syscall === "mkdir") {
    return "it cannot be made there: the file system may be read-only, or a link lead nowhere";
  }
  const advice = ADVICE.get(code);
  return advice === undefined ? message : `${message}: ${advice()}`;
}

const RIGHTS = () =>
  `it and all in it must belong to the user who runs the server, uid ${process.getuid?.() ?? "unknown"}`;

const ADVICE: ReadonlyMap<string, () => string> = new Map([
  ["EACCES", RIGHTS],
  ["EPERM", RIGHTS],
  ["EROFS", () => "a server has to write there"],
  ["ENOSPC", () => "make room on its disk"],
]);

/** This program, in another process. */
function verifyCommand(dataDir: string, generation: number): readonly string[] {
  const program = [process.execPath, process.argv[1] ?? ""];
  return [
    ...program,
    "state",
    "verify",
    `--data-dir=${dataDir}`,
    `--generation=${generation}`,
    "--as-opened",
  ];
}
