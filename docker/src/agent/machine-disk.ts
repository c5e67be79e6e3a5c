import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { mkdir, open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { DiskCounts, DiskSetting } from "@gauntlet/nemesis";
import { log } from "./agent-log.js";
import { DiskPage } from "./disk-page.js";
import { fill, LoopDisk, type Loss } from "./loop-disk.js";
import { DISK_VARIABLES, PATHS } from "./paths.js";

/** Sparse: what nobody wrote takes no room. */
const DISK_BYTES = 8 * 1024 ** 3;
const BALLAST = join(PATHS.disk, "ballast");
/** What the server frees on a full disk is taken again. */
const REFILL_EVERY_MS = 200;

/**
 * The disk of this machine: ext4 on a loop device where that can be had, else the container's volume as it is. Slow, held
 * and failing calls are the shim's doing in both; a loop disk is filled in earnest.
 */
export class MachineDisk {
  readonly page = new DiskPage(PATHS.diskPage);
  readonly #loop: LoopDisk | null;
  /** Why there is no loop disk; empty where there is one. */
  readonly #why: string;
  #refill: NodeJS.Timeout | null = null;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(loop: LoopDisk | null, why: string) {
    this.#loop = loop;
    this.#why = why;
  }

  static async prepare(): Promise<MachineDisk> {
    const disk = await this.#mounted();
    await mkdir(PATHS.serverData, { recursive: true });
    // The machine came with this directory: no power loss takes it.
    const root = await open(PATHS.disk, "r");
    await root.sync();
    await root.close();
    return disk;
  }

  static async #mounted(): Promise<MachineDisk> {
    const wanted = process.env[DISK_VARIABLES.kind] ?? "nobody gave this container loop devices";
    const loop = new LoopDisk(join(PATHS.volume, process.env[DISK_VARIABLES.file] ?? "disk.img"), PATHS.disk);
    let why = wanted;
    if (wanted === "loop") {
      try {
        await loop.mount(DISK_BYTES);
        log("disk mounted", { bytes: DISK_BYTES });
        return new MachineDisk(loop, "");
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
    }
    log("no loop disk", { why });
    const plain = join(PATHS.volume, "plain");
    mkdirSync(plain, { recursive: true });
    rmSync(PATHS.disk, { recursive: true, force: true });
    symlinkSync(plain, PATHS.disk);
    return new MachineDisk(null, why);
  }

  /** Throws where there is none. */
  needLoop(): LoopDisk {
    if (this.#loop === null) throw new Error(`the disk of this machine is no loop device: ${this.#why}`);
    return this.#loop;
  }

  get isLoop(): boolean {
    return this.#loop !== null;
  }

  set(setting: DiskSetting): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.isLoop) {
        this.page.set(setting);
        return;
      }
      // Counts begin at 0 before the disk is full, so that none is missed.
      this.page.set({ ...setting, full: false });
      if (this.#refill !== null) clearInterval(this.#refill);
      this.#refill = null;
      if (!setting.full) {
        await rm(BALLAST, { force: true });
        return;
      }
      await fill(BALLAST);
      this.#refill = setInterval(() => {
        this.#inTurn(() => this.#fillAgain()).catch((error: unknown) =>
          log("cannot fill the disk", { error: String(error) }),
        );
      }, REFILL_EVERY_MS);
    });
  }

  read(): Promise<{ readonly setting: DiskSetting; readonly counts: DiskCounts }> {
    return this.#inTurn(async () => {
      const { setting, counts } = this.page.read();
      if (this.#refill === null) return { setting, counts };
      return { setting: { ...setting, full: (await this.#fillAgain()) === 0 }, counts };
    });
  }

  /** The power fails and comes back; the server must be gone. */
  cut(): Promise<Loss> {
    return this.#inTurn(() => this.needLoop().cut());
  }

  /** Gives the bytes that are free all the same. */
  async #fillAgain(): Promise<number> {
    if (this.#refill === null || (await freeBytes()) === 0) return 0;
    await fill(BALLAST);
    return freeBytes();
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(PATHS.disk);
  return bavail * bsize;
}
