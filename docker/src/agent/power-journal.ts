import { lstat, mkdir, open, readdir, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "@gauntlet/nemesis";
import { undoEntries } from "./journal-entries.js";

const SECTOR = 512;
/** Layout of a map in shim/journal.c: magic, length that was synced, first and end of what may be dirty; then a bit a sector. */
const MAGIC = "gljourna";
const HEADER_BYTES = 4096;

/** What a power loss took. */
export interface Taken {
  readonly lostBytes: number;
  readonly lostEntries: number;
  /** Runs of sectors, written and not synced, of which a part is left. */
  readonly tornWrites: number;
  /** Of sectors that were not synced and are left all the same: the kernel had written them back. */
  readonly keptBytes: number;
}

/** What was not synced of one file. */
interface Account {
  readonly inode: number;
  readonly syncedSize: number;
  readonly dirty: readonly number[];
}

/**
 * A power loss for a disk that keeps its power: shim/journal.c notes what the server has not synced and what was there
 * before, and this takes it back once the server is dead. Of what was not synced a part may be left, as write-back
 * leaves it, each sector with what it held last: nothing in half of the losses, else a share that is drawn. Of entries of directories
 * that were not synced, the first so many are left, as a file system's journal has them.
 */
export class PowerJournal {
  readonly #journal: string;
  readonly #data: string;

  /** @param journal a directory of its own, on the file system of `data` */
  constructor(journal: string, data: string) {
    this.#journal = journal;
    this.#data = data;
  }

  /** Begins anew: all that is there counts as synced. No process may be writing. */
  async reset(): Promise<void> {
    await rm(this.#journal, { recursive: true, force: true });
    for (const part of ["data", "entries"]) await mkdir(join(this.#journal, part), { recursive: true });
  }

  /**
   * The power fails and comes back. The server must be gone.
   * @param share how much of what was not synced is left; drawn when it is not given
   */
  async cut(seed: number, share?: number): Promise<Taken> {
    const random = new Random(seed);
    const drawn = random.below(2) === 0 ? 0 : (1 + random.below(100)) / 101;
    const keptShare = share ?? drawn;
    const before = await this.#files();
    let [lostBytes, tornWrites, keptBytes] = [0, 0, 0];
    for (const account of await this.#accounts()) {
      const path = before.get(account.inode);
      if (path === undefined) continue;
      const taken = await this.#cutFile(path, account, keptShare, random);
      lostBytes += taken.lostBytes;
      tornWrites += taken.tornWrites;
      keptBytes += taken.keptBytes;
    }
    const undone = await undoEntries(join(this.#journal, "entries"), this.#data, keptShare, random);
    await this.reset();
    return { lostBytes: lostBytes + undone.lostBytes, lostEntries: undone.count, tornWrites, keptBytes };
  }

  /** The file was cut off while no server ran, for good. */
  async fileCutOff(path: string): Promise<void> {
    const { ino, size } = await stat(path);
    const at = join(this.#journal, "data", `${ino}.map`);
    const account = await readMap(at, ino).catch(() => null);
    if (account === null) return;
    const map = await open(at, "r+");
    const synced = Buffer.alloc(8);
    synced.writeBigUInt64LE(BigInt(Math.min(account.syncedSize, size)));
    await map.write(synced, 0, synced.length, 8);
    await map.close();
  }

  /** Paths by inode: of what has a name, and of what only the journal keeps. */
  async #files(): Promise<ReadonlyMap<number, string>> {
    const paths = new Map<number, string>();
    const entries = join(this.#journal, "entries");
    for (const root of [entries, this.#data]) {
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        // The notes may have inodes that the server's files had once.
        if (!entry.isFile() || (root === entries && !entry.name.endsWith(".ino"))) continue;
        const path = join(entry.parentPath, entry.name);
        paths.set((await lstat(path)).ino, path);
      }
    }
    return paths;
  }

  async #accounts(): Promise<readonly Account[]> {
    const names = (await readdir(join(this.#journal, "data"))).filter((name) => name.endsWith(".map"));
    const accounts: Account[] = [];
    for (const name of names.toSorted()) {
      const account = await readMap(join(this.#journal, "data", name), Number.parseInt(name, 10));
      if (account !== null) accounts.push(account);
    }
    return accounts;
  }

  async #cutFile(
    path: string,
    { inode, syncedSize, dirty }: Account,
    keptShare: number,
    random: Random,
  ): Promise<Omit<Taken, "lostEntries">> {
    const { size } = await stat(path);
    if (dirty.length === 0 && size === syncedSize) return { lostBytes: 0, tornWrites: 0, keptBytes: 0 };
    const isKept = (): boolean => random.below(2 ** 32) < keptShare * 2 ** 32;
    // A length that no data stands behind is as likely to be left as a sector; drawn first, for both ways.
    const lengthIsKept = isKept();
    const end = size < syncedSize && lengthIsKept ? size : Math.max(size, syncedSize);
    const within = dirty.filter((sector) => sector * SECTOR < end);
    // What was cut off comes back as a whole, or not at all.
    const kept = new Set(within.filter((sector) => isKept() && sector * SECTOR < size));
    const keptEnd = Math.min(size, ((within.findLast((sector) => kept.has(sector)) ?? -1) + 1) * SECTOR);
    const after = size > syncedSize && !lengthIsKept ? Math.max(syncedSize, keptEnd) : end;
    const file = await open(path, "r+");
    const old = await open(join(this.#journal, "data", `${inode}.old`), "r");
    try {
      await file.truncate(after);
      let lostBytes = Math.max(0, size - after);
      for (const sector of within) {
        if (!kept.has(sector))
          lostBytes += await restore(file, old, sector, Math.min(syncedSize, after), after);
      }
      await file.sync();
      return { lostBytes, tornWrites: tornRuns(within, kept), keptBytes: kept.size * SECTOR };
    } finally {
      await old.close();
      await file.close();
    }
  }
}

/** Null when the server died before it made it valid: nothing was written then. */
async function readMap(path: string, inode: number): Promise<Account | null> {
  const file = await open(path, "r");
  try {
    const header = Buffer.alloc(32);
    await file.read(header, 0, header.length, 0);
    if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) return null;
    const [syncedSize = 0, first = 0, end = 0] = [8, 16, 24].map((at) => Number(header.readBigUInt64LE(at)));
    const bits = Buffer.alloc(Math.ceil(end / 8));
    await file.read(bits, 0, bits.length, HEADER_BYTES);
    const dirty: number[] = [];
    for (let sector = first; sector < end; sector += 1) {
      if ((((bits[sector >> 3] ?? 0) >> (sector & 7)) & 1) === 1) dirty.push(sector);
    }
    return { inode, syncedSize, dirty };
  } finally {
    await file.close();
  }
}

/** Gives the sector what it held when it was last synced, and zeros behind that. How many bytes are other ones than were there. */
async function restore(
  file: FileHandle,
  old: FileHandle,
  sector: number,
  syncedEnd: number,
  end: number,
): Promise<number> {
  const at = sector * SECTOR;
  const length = Math.max(0, Math.min(SECTOR, end - at));
  const [was, is] = [Buffer.alloc(length), Buffer.alloc(length)];
  const synced = Math.max(0, Math.min(length, syncedEnd - at));
  if (synced > 0) await old.read(was, 0, synced, at);
  await file.read(is, 0, length, at);
  await file.write(was, 0, length, at);
  return was.filter((byte, index) => byte !== is[index]).length;
}

/** Sectors in a row that were not synced, of which some are left and some are not. */
function tornRuns(dirty: readonly number[], kept: ReadonlySet<number>): number {
  let torn = 0;
  for (let i = 0; i < dirty.length; ) {
    const begin = i;
    while (i < dirty.length && dirty[i] === (dirty[begin] ?? 0) + i - begin) i += 1;
    const left = dirty.slice(begin, i).filter((sector) => kept.has(sector)).length;
    if (left > 0 && left < i - begin) torn += 1;
  }
  return torn;
}
