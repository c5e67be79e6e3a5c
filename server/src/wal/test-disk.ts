import type { Disk, DiskFile, Random } from "../ports.js";

/** What a disk writes whole or not at all. */
export const SECTOR_BYTES = 512;

/** A power cut came: nothing more reaches this disk. */
export class PowerCut extends Error {}

interface Inode {
  /** What readers see. */
  bytes: Buffer;
  /** What a power cut cannot take. */
  synced: Buffer;
  /** Sectors that the next sync writes out. A failed sync forgets them, as Linux does. */
  dirty: Set<number>;
}

type DirectoryChange = (names: Map<string, Inode>) => void;

export type Operation =
  | "list"
  | "open"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "rename"
  | "remove"
  | "syncDirectory";

/**
 * A disk in memory that keeps, over a power cut, only what it promised: synced bytes and synced
 * directory changes; of the rest whatever `random` picks. A crash of the process alone loses nothing.
 */
export class TestDisk implements Disk {
  /** Called before each operation takes effect; may throw to fail it, or wait. */
  before: (operation: Operation, name: string) => void | Promise<void> = () => undefined;

  readonly counts = new Map<Operation, number>();

  /** By file, a sector that cannot be read. */
  readonly badSectors = new Map<string, number>();

  private names = new Map<string, Inode>();
  private syncedNames = new Map<string, Inode>();
  private changes: DirectoryChange[] = [];
  private powered = true;

  /** The file as a reader sees it. */
  contents(name: string): Buffer {
    return Buffer.from(this.inode(name).bytes);
  }

  /** Puts bytes on the disk behind everybody's back. */
  plant(name: string, bytes: Uint8Array): void {
    const inode = { bytes: Buffer.from(bytes), synced: Buffer.from(bytes), dirty: new Set<number>() };
    this.names.set(name, inode);
    this.syncedNames.set(name, inode);
  }

  /** A second disk with the same contents, all of them synced. */
  copy(): TestDisk {
    const copy = new TestDisk();
    for (const [name, inode] of this.names) copy.plant(name, inode.bytes);
    for (const [name, sector] of this.badSectors) copy.badSectors.set(name, sector);
    return copy;
  }

  /** The process died, the machine did not: handles are gone, everything else is as it was. */
  killProcess(): TestDisk {
    this.powered = false;
    const next = new TestDisk();
    next.names = this.names;
    next.syncedNames = this.syncedNames;
    next.changes = this.changes;
    return next;
  }

  /** The disk as it is found after a power cut at this moment. */
  cutPower(random: Random): TestDisk {
    this.powered = false;
    const names = new Map(this.syncedNames);
    for (const change of this.changes) if (random.below(2) === 0) change(names);
    const next = new TestDisk();
    for (const [name, inode] of names) next.plant(name, survivors(inode, random));
    return next;
  }

  async list(): Promise<readonly string[]> {
    await this.enter("list", "");
    this.checkPower();
    return [...this.names.keys()];
  }

  async open(name: string, mode: "read" | "read-write" | "create-exclusive"): Promise<DiskFile> {
    await this.enter("open", name);
    this.checkPower();
    if (mode === "create-exclusive") {
      if (this.names.has(name)) throw new Error(`EEXIST: ${name}`);
      const inode = { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), dirty: new Set<number>() };
      this.change((names) => names.set(name, inode));
    }
    return this.file(name, this.inode(name));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.enter("rename", from);
    this.checkPower();
    const inode = this.inode(from);
    this.change((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  async remove(name: string): Promise<void> {
    await this.enter("remove", name);
    this.checkPower();
    this.inode(name);
    this.change((names) => names.delete(name));
  }

  async syncDirectory(): Promise<void> {
    await this.enter("syncDirectory", "");
    this.checkPower();
    this.syncedNames = new Map(this.names);
    this.changes = [];
  }

  private file(name: string, inode: Inode): DiskFile {
    return {
      read: async (into, offset) => {
        await this.enter("read", name);
        this.checkPower();
        const bad = this.badSectors.get(name);
        if (bad !== undefined && sectors(offset, offset + into.length).includes(bad)) {
          throw Object.assign(new Error(`EIO: i/o error, read '${name}'`), { code: "EIO" });
        }
        return inode.bytes.copy(into, 0, offset);
      },
      write: (parts, offset) => this.write(name, inode, parts, offset),
      writeDurably: async (parts, offset) => {
        const end = parts.reduce((sum, part) => sum + part.length, offset);
        await this.write(name, inode, parts, offset);
        await this.sync(name, inode, new Set(sectors(offset, end)));
      },
      truncate: async (length) => {
        await this.enter("truncate", name);
        this.checkPower();
        for (const sector of sectors(length, inode.bytes.length)) inode.dirty.add(sector);
        inode.bytes = resized(inode.bytes, length);
      },
      sync: () => this.sync(name, inode, null),
      size: async () => inode.bytes.length,
      close: async () => undefined,
    };
  }

  private async write(
    name: string,
    inode: Inode,
    parts: readonly Uint8Array[],
    offset: number,
  ): Promise<void> {
    // Taken before anything is waited for: a caller that changes them later is a bug to be seen.
    const bytes = Buffer.concat(parts);
    await this.enter("write", name);
    this.checkPower();
    inode.bytes = resized(inode.bytes, Math.max(inode.bytes.length, offset + bytes.length));
    bytes.copy(inode.bytes, offset);
    for (const sector of sectors(offset, offset + bytes.length)) inode.dirty.add(sector);
  }

  /** Of all sectors that were written, or of `only` these. */
  private async sync(name: string, inode: Inode, only: ReadonlySet<number> | null): Promise<void> {
    const isMeant = (sector: number): boolean => inode.dirty.has(sector) && only?.has(sector) !== false;
    const clean = (): void => {
      for (const sector of inode.dirty) if (isMeant(sector)) inode.dirty.delete(sector);
    };
    try {
      await this.enter("sync", name);
    } catch (error) {
      clean();
      throw error;
    }
    this.checkPower();
    inode.synced = merged(inode, isMeant, inode.bytes.length);
    clean();
  }

  private async enter(operation: Operation, name: string): Promise<void> {
    this.checkPower();
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    await this.before(operation, name);
  }

  /** Right before the effect: the power may have gone while the operation waited, by one that runs beside it. */
  private checkPower(): void {
    if (!this.powered) throw new PowerCut();
  }

  private change(change: DirectoryChange): void {
    change(this.names);
    this.changes.push(change);
  }

  private inode(name: string): Inode {
    const inode = this.names.get(name);
    if (inode === undefined) throw new Error(`ENOENT: ${name}`);
    return inode;
  }
}

/** Sectors that were not synced survive as a prefix, at random, all or none; so does the new length. */
function survivors(inode: Inode, random: Random): Buffer {
  const { bytes, synced, dirty } = inode;
  const how = random.below(4);
  const cut = random.below(Math.ceil(bytes.length / SECTOR_BYTES) + 1);
  const keeps = (sector: number): boolean => {
    if (!dirty.has(sector) || how === 0) return false;
    if (how === 1) return true;
    return how === 2 ? sector < cut : random.below(2) === 0;
  };
  const [low, high] = [Math.min(bytes.length, synced.length), Math.max(bytes.length, synced.length)];
  const lengths = [bytes.length, synced.length, low + random.below(high - low + 1)] as const;
  return merged(inode, keeps, lengths[random.below(3)] ?? low);
}

/** The synced bytes, but the reader's bytes in the sectors that `keeps` picks. */
function merged({ bytes, synced }: Inode, keeps: (sector: number) => boolean, length: number): Buffer {
  const result = resized(synced, length);
  for (const sector of sectors(0, length)) {
    const [from, to] = [sector * SECTOR_BYTES, Math.min(length, (sector + 1) * SECTOR_BYTES)];
    if (keeps(sector)) resized(bytes.subarray(from, to), to - from).copy(result, from);
  }
  return result;
}

/** The sectors that the bytes [from, to) touch. */
function sectors(from: number, to: number): number[] {
  const first = Math.floor(from / SECTOR_BYTES);
  const count = to > from ? Math.ceil(to / SECTOR_BYTES) - first : 0;
  return Array.from({ length: count }, (_, at) => first + at);
}

/** A copy of the given length, cut or filled up with zeros. */
function resized(bytes: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length);
  bytes.copy(result);
  return result;
}
