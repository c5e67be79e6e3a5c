import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { PATHS } from "./paths.js";

const run = promisify(execFile);
/** Longer than a busy disk takes, shorter than the rig waits. */
const HELPER_TIMEOUT_MS = 9_000;

const loss = z.object({ lostBytes: z.int().nonnegative(), lostEntries: z.int().nonnegative() });
type Loss = z.infer<typeof loss>;

/** ext4 in a file behind a loop device: a disk that can lose its power. shim/loop-disk.c does the work. */
export class LoopDisk {
  readonly #file: string;
  readonly #directory: string;

  constructor(file: string, directory: string) {
    this.#file = file;
    this.#directory = directory;
  }

  /** Makes the disk, if it is not there yet, and mounts it. `bytes` are taken as they are needed. */
  async mount(bytes: number): Promise<void> {
    if (!existsSync(this.#file)) await this.#make(bytes);
    await mkdir(this.#directory, { recursive: true });
    await helper(["mount", this.#file, this.#directory]);
  }

  /** The power fails and comes back. Nothing may have files of the disk open. */
  async cut(): Promise<Loss> {
    return loss.parse(JSON.parse(await helper(["cut", this.#file, this.#directory])));
  }

  async remove(): Promise<void> {
    await helper(["unmount", this.#directory]).catch(() => undefined);
    await rm(this.#file, { force: true });
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Under another name until it is whole. */
  async #make(bytes: number): Promise<void> {
    const half = `${this.#file}.new`;
    const file = await open(half, "w");
    await file.truncate(bytes);
    await file.close();
    // Few inodes and a small journal: made and mounted in some milliseconds, and nothing is initialized later.
    const extended = "lazy_itable_init=0,lazy_journal_init=1,nodiscard";
    await run("mke2fs", [
      "-q",
      "-F",
      "-t",
      "ext4",
      "-m",
      "0",
      "-N",
      "4096",
      "-J",
      "size=8",
      "-E",
      extended,
      half,
    ]);
    await rename(half, this.#file);
  }
}

/** Takes all space that is free beside the file, into the file. */
export async function fill(file: string): Promise<void> {
  await helper(["fill", file]);
}

async function helper(args: readonly string[]): Promise<string> {
  try {
    return (await run(PATHS.loopDisk, args, { timeout: HELPER_TIMEOUT_MS })).stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(`${args[0] ?? ""}: ${said === undefined || said === "" ? String(error) : said}`, {
      cause: error,
    });
  }
}
