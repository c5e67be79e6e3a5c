import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Damages } from "./damage.js";
import { DiskPage, HEALTHY_DISK } from "./disk-page.js";
import { tryJournal } from "./journal-trial.js";
import { fill, LoopDisk } from "./loop-disk.js";
import type { MachineDisk } from "./machine-disk.js";
import { PATHS } from "./paths.js";
import { describeProvenTail } from "./proven-tail.js";
import type { Result } from "./protocol.js";

type Probed = Result<"probe-disk">;
type Tried = Probed["delay"];

const PROBE_DISK_BYTES = 64 * 1024 * 1024;
const PROBE_PAGE = "/dev/shm/gauntlet-disk-probe";
const DELAY_MS = 60;
const HOLD_MS = 100;
/** Timers of Node may be a little early. */
const TIMER_GRAIN_MS = 2;
const BEGIN_LIMIT_MS = 5000;
const POLL_MS = 5;
const SYNCED = "synced";

/**
 * Tries what this machine's disk can do, on a small disk of the same kind beside it and with a process of the probe's
 * own: the server and its files are not touched, and nothing stays.
 */
export async function probeDisk(disk: MachineDisk, serverPid: number | null): Promise<Probed> {
  const directory = join(PATHS.volume, "probe");
  const small = new LoopDisk(join(PATHS.volume, "probe.img"), directory);
  try {
    if (disk.isLoop) await small.mount(PROBE_DISK_BYTES);
    else await mkdir(directory, { recursive: true });
    const shim = await Shimmed.start(directory);
    try {
      return {
        delay: await attempt(async () => `${serverIsShimmed(serverPid)}; ${await tryDelay(shim)}`),
        errors: await attempt(async () => {
          const seen = serverIsShimmed(serverPid);
          return `${seen}; ${await tryErrors(shim)}, ${await tryFull(shim, directory, disk.isLoop)}`;
        }),
        damage: await attempt(() => tryFlip(directory)),
        truncate: await attempt(() => tryTruncate(directory)),
        tail: await attempt(() => describeProvenTail(PATHS.serverData)),
        // The last: it needs the disk to be let go of.
        powerLoss: await attempt(async () => {
          // Throws where the server's own disk is none that can lose its power.
          const by = disk.powerLossBy;
          if (by === "journal") {
            const seen = serverIsShimmed(serverPid, [PATHS.journalShim]);
            return `${seen}; ${await tryJournal()}`;
          }
          await shim.end();
          return `ext4 on a loop device: ${await tryPowerLoss(small, directory)}`;
        }),
        losesPowerByShim: !disk.isLoop,
      };
    } finally {
      await shim.end();
    }
  } finally {
    await small.remove();
    await rm(PROBE_PAGE, { force: true });
  }
}

async function attempt(probe: () => Promise<string>): Promise<Tried> {
  try {
    return { available: true, detail: await probe() };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A server whose calls do not go through the C library maps no shim, and feels nothing of it. */
function serverIsShimmed(
  pid: number | null,
  mapped: readonly string[] = [PATHS.diskShim, PATHS.diskPage],
): string {
  if (pid === null) throw new Error("the server does not run");
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
  if (!mapped.every((path) => maps.includes(path))) {
    throw new Error("the server has not loaded the shim (is it statically linked?)");
  }
  return mapped.includes(PATHS.diskPage) ? "the server has the shim and its page" : "the server has the shim";
}

async function tryDelay(shim: Shimmed): Promise<string> {
  const { page } = shim;
  page.set({ ...HEALTHY_DISK, syncDelayMs: DELAY_MS });
  const slow = await shim.ask("sync");
  const { slowSyncs } = page.read().counts;
  if (slow.error !== "" || slow.ms < DELAY_MS || slowSyncs !== 1) {
    throw new Error(`a sync that was to take ${DELAY_MS} ms longer took ${slow.ms} ms; ${slowSyncs} counted`);
  }
  page.set({ ...HEALTHY_DISK, stalled: true });
  const held = shim.ask("sync");
  // On a busy machine it takes its time to get there.
  const giveUpMs = performance.now() + BEGIN_LIMIT_MS;
  while (page.read().counts.stalledSyncs === 0 && performance.now() < giveUpMs) await sleep(POLL_MS);
  await sleep(HOLD_MS + TIMER_GRAIN_MS);
  const { stalledSyncs } = page.read().counts;
  page.set(HEALTHY_DISK);
  const freed = await held;
  if (stalledSyncs !== 1 || freed.error !== "" || freed.ms < HOLD_MS) {
    throw new Error(
      `a sync that was to be held for ${HOLD_MS} ms took ${freed.ms} ms; ${stalledSyncs} counted`,
    );
  }
  return `a sync took ${Math.round(slow.ms)} ms, and one was held for ${Math.round(freed.ms)} ms`;
}

async function tryErrors(shim: Shimmed): Promise<string> {
  for (const call of ["write", "sync"] as const) {
    shim.page.set({ ...HEALTHY_DISK, [`${call}ErrorShare`]: 1 });
    const { error } = await shim.ask(call);
    const { ioErrors } = shim.page.read().counts;
    shim.page.set(HEALTHY_DISK);
    const after = await shim.ask(call);
    if (error !== "EIO" || ioErrors !== 1 || after.error !== "") {
      throw new Error(
        `a ${call} that was to fail gave "${error}"; ${ioErrors} counted; then "${after.error}"`,
      );
    }
  }
  return "a write and a sync failed with EIO";
}

async function tryFull(shim: Shimmed, directory: string, inEarnest: boolean): Promise<string> {
  const ballast = join(directory, "ballast");
  shim.page.set({ ...HEALTHY_DISK, full: !inEarnest });
  if (inEarnest) await fill(ballast);
  const { error } = await shim.ask("write");
  const { spaceErrors } = shim.page.read().counts;
  await rm(ballast, { force: true });
  shim.page.set(HEALTHY_DISK);
  const after = await shim.ask("write");
  if (error !== "ENOSPC" || spaceErrors !== 1 || after.error !== "") {
    throw new Error(`a write to a full disk gave "${error}"; ${spaceErrors} counted; then "${after.error}"`);
  }
  return `a write failed with ENOSPC (${inEarnest ? "the disk was full" : "the shim's"})`;
}

const HARMED_BYTES = 64 * 1024;
const HARMED_BYTE = 0xaa;

async function tryFlip(directory: string): Promise<string> {
  const { done, standing, after } = await tryHarm(directory, "bit-flip");
  const changed = after.findIndex((byte) => byte !== HARMED_BYTE);
  if (done === null || standing !== 1 || changed !== done.offset) {
    throw new Error(`a bit was to be flipped at ${done?.offset}; another byte is at ${changed}`);
  }
  return `a bit was flipped at ${changed} and read back`;
}

async function tryTruncate(directory: string): Promise<string> {
  const { done, standing, after } = await tryHarm(directory, "truncate");
  if (done === null || standing !== 1 || after.length !== done.offset || after.length === HARMED_BYTES) {
    throw new Error(`a file was to be cut off at ${done?.offset}; it has ${after.length} bytes`);
  }
  return `a file of ${HARMED_BYTES} bytes was cut off at ${after.length}`;
}

async function tryHarm(
  directory: string,
  kind: "bit-flip" | "truncate",
): Promise<{ readonly done: Result<"harm">["damage"]; readonly standing: number; readonly after: Buffer }> {
  const below = join(directory, "damage");
  await mkdir(below);
  const file = join(below, "data.wal");
  await writeFile(file, Buffer.alloc(HARMED_BYTES, HARMED_BYTE));
  const damages = new Damages(below);
  const done = await damages.harm(kind, "wal");
  const standing = (await damages.standing()).length;
  const after = await readFile(file);
  await rm(below, { recursive: true });
  return { done, standing, after };
}

async function tryPowerLoss(disk: LoopDisk, directory: string): Promise<string> {
  const kept = await open(join(directory, "kept"), "w");
  await kept.write(SYNCED);
  await kept.sync();
  const root = await open(directory, "r");
  await root.sync();
  await root.close();
  await kept.write("not synced");
  await kept.close();
  await writeFile(join(directory, "made"), "not synced");
  const { lostBytes, lostEntries } = await disk.cut();
  const after = await readFile(join(directory, "kept"), "utf8");
  const made = await readFile(join(directory, "made"), "utf8").catch(() => null);
  if (after !== SYNCED || made !== null || lostBytes === 0) {
    throw new Error(`after the cut a file is "${after}" and another ${made === null ? "gone" : "there"}`);
  }
  return `${lostBytes} bytes and ${lostEntries} entries that were not synced are gone, what was synced is there`;
}

/** A process with the shim, and a page of its own. */
class Shimmed {
  readonly page: DiskPage;
  readonly #child: ReturnType<typeof spawn>;
  readonly #lines: Interface;
  readonly #ended: Promise<string>;

  private constructor(directory: string) {
    this.page = new DiskPage(PROBE_PAGE);
    const preload = {
      LD_PRELOAD: PATHS.diskShim,
      GAUNTLET_DISK_PAGE: PROBE_PAGE,
      GAUNTLET_DISK_DIR: directory,
    };
    this.#child = spawn(process.execPath, ["-e", WORKER, join(directory, "file")], {
      env: { ...process.env, ...preload, UV_USE_IO_URING: "0" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdin?.on("error", () => undefined);
    let said = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
    this.#ended = new Promise((resolve) => {
      this.#child.on("error", (error) => resolve(error.message));
      this.#child.on("close", () => resolve(said.trim().split("\n").at(-1) ?? ""));
    });
    this.#lines = createInterface({ input: this.#child.stdout ?? process.stdin });
  }

  static async start(directory: string): Promise<Shimmed> {
    const shim = new Shimmed(directory);
    await shim.ask("sync");
    return shim;
  }

  async ask(what: "write" | "sync"): Promise<{ readonly error: string; readonly ms: number }> {
    const answer = new Promise<string>((resolve) => this.#lines.once("line", resolve));
    this.#child.stdin?.write(`${what}\n`);
    const gone = this.#ended.then((said) => {
      throw new Error(`a process with the shim ended: ${said}`);
    });
    const [error = "", ms = "0"] = (await Promise.race([answer, gone])).split(" ");
    return { error, ms: Number(ms) };
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}

/** Answers each line "write" or "sync" with the error and the milliseconds that it took. */
const WORKER = `
  const fs = require("fs");
  const fd = fs.openSync(process.argv[1], "w");
  require("readline").createInterface({ input: process.stdin }).on("line", (what) => {
    const before = process.hrtime.bigint();
    let error = "";
    try {
      if (what === "write") fs.writeSync(fd, Buffer.alloc(8192, 1));
      else fs.fdatasyncSync(fd);
    } catch (problem) {
      error = problem.code;
    }
    process.stdout.write(error + " " + Number(process.hrtime.bigint() - before) / 1e6 + "\\n");
  });
`;
