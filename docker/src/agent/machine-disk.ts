import { randomInt } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { mkdir, open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { DiskCounts, DiskSetting } from "@gauntlet/nemesis";
import { log } from "./agent-log.js";
import { DiskPage } from "./disk-page.js";
import { tryJournal } from "./journal-trial.js";
import { fill, LoopDisk } from "./loop-disk.js";
import { DISK_VARIABLES, PATHS } from "./paths.js";
import { PowerJournal } from "./power-journal.js";
import type { Result } from "./protocol.js";

/** Sparse: what nobody wrote takes no room. */
const DISK_BYTES = 8 * 1024 ** 3;
const BALLAST = join(PATHS.disk, "ballast");
/** What the server frees on a full disk is taken again. */
const REFILL_EVERY_MS = 200;

/**
 * The disk of this machine: ext4 on a loop device where that can be had, else the container's volume as it is, with a
 * journal of what is not synced. Slow, held and failing calls are the shim's doing in both; a loop disk is filled in earnest.
 */
export class MachineDisk {
  readonly page = new DiskPage(PATHS.diskPage);
  readonly #power: Power;
  #refill: NodeJS.Timeout | null = null;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(power: Power) {
    this.#power = power;
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
        return new MachineDisk({ by: "loop", loop });
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
    }
    log("no loop disk", { why });
    const plain = join(PATHS.volume, "plain");
    mkdirSync(plain, { recursive: true });
    rmSync(PATHS.disk, { recursive: true, force: true });
    symlinkSync(plain, PATHS.disk);
    mkdirSync(PATHS.serverData, { recursive: true });
    const journal = new PowerJournal(PATHS.journal, PATHS.serverData);
    await journal.reset();
    try {
      // A server with a shim that does not work here would not start.
      log("power losses by the journal", { tried: await tryJournal() });
      return new MachineDisk({ by: "journal", journal });
    } catch (error) {
      const neither = `no loop device (${why}), and no journal (${error instanceof Error ? error.message : String(error)})`;
      log("no power losses", { why: neither });
      return new MachineDisk({ by: "nothing", why: neither });
    }
  }

  /** How this disk loses its power. Throws where it cannot. */
  get powerLossBy(): "loop" | "journal" {
    if (this.#power.by === "nothing")
      throw new Error(`the disk of this machine keeps its power: ${this.#power.why}`);
    return this.#power.by;
  }

  get isLoop(): boolean {
    return this.#power.by === "loop";
  }

  /** What the server is started with, beyond the shims that it always gets. */
  get journalVariables(): { readonly LD_PRELOAD: string; readonly GAUNTLET_DISK_JOURNAL: string } | null {
    if (this.#power.by !== "journal") return null;
    return { LD_PRELOAD: PATHS.journalShim, GAUNTLET_DISK_JOURNAL: PATHS.journal };
  }

  /** The machine got an empty disk: there is nothing that could be taken back. */
  renewed(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#power.by === "journal") await this.#power.journal.reset();
    });
  }

  /** A file of the server was cut off on the medium while no server ran. */
  fileCutOff(path: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#power.by === "journal") await this.#power.journal.fileCutOff(path);
    });
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
  cut(): Promise<Result<"power-loss">> {
    return this.#inTurn(async () => {
      const power = this.#power;
      if (power.by === "loop") {
        const lost = { ...(await power.loop.cut()), tornWrites: 0 };
        log("power lost", lost);
        return lost;
      }
      if (power.by === "nothing") throw new Error(`the disk of this machine keeps its power: ${power.why}`);
      // With the seed, the same journal and files give the same loss.
      const seed = randomInt(2 ** 32);
      const { keptBytes, ...lost } = await power.journal.cut(seed);
      log("power lost", { ...lost, keptBytes, seed });
      return lost;
    });
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

type Power =
  | { readonly by: "loop"; readonly loop: LoopDisk }
  | { readonly by: "journal"; readonly journal: PowerJournal }
  | { readonly by: "nothing"; readonly why: string };

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(PATHS.disk);
  return bavail * bsize;
}
