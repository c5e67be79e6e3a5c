import type { Damage, DamageArea, DiskCounts, DiskSetting, PowerLoss } from "@gauntlet/nemesis";
import { provedBytes, type Disk, type MemberId } from "@gauntlet/server/inside";
import { nodeName } from "../node-names.js";
import type { DiskProfile } from "../scenario.js";
import { DiskPort } from "./disk-port.js";
import { Directory, Sync, type Synced } from "./disk-sync.js";
import { type FileImage, SECTOR_BYTES } from "./file-image.js";
import { ioError } from "./io-error.js";
import type { Life } from "./life.js";
import type { Loop } from "./loop.js";
import type { Stream } from "./random.js";
import type { TraceLog } from "./trace-log.js";

export const HEALTHY: DiskSetting = {
  syncDelayMs: 0,
  stalled: false,
  writeErrorShare: 0,
  syncErrorShare: 0,
  full: false,
};

/** Kept for people by a server that recovered; to harm them again would show nothing. */
const LAID_ASIDE = /\.damaged$/;
const LOG_SEGMENT = /\.wal$/;

/**
 * The disk of a machine, with a few directories. What was synced survives everything but damage; a killed process
 * leaves all it wrote in the page cache; a power cut takes, by chance, what was not synced.
 */
export class SimDisk {
  readonly loop: Loop;
  private readonly id: MemberId;
  private readonly random: Stream;
  private readonly trace: TraceLog;
  private readonly profile: DiskProfile;
  private readonly directories = new Map<string, Directory>();
  private set: DiskSetting = HEALTHY;
  private count = { slowSyncs: 0, stalledSyncs: 0, ioErrors: 0, spaceErrors: 0 };
  private stalled: Sync[] = [];
  private harm: { readonly damage: Damage; readonly image: FileImage; readonly byte: number }[] = [];
  /** Some of what was durable was harmed at some time, whether that still stands or not. */
  wasHarmed = false;
  /** Syncs under way end with the power: they are of an earlier era then. */
  powerEra = 0;

  constructor(loop: Loop, id: MemberId, random: Stream, trace: TraceLog, profile: DiskProfile) {
    this.loop = loop;
    this.id = id;
    this.random = random;
    this.trace = trace;
    this.profile = profile;
  }

  get setting(): DiskSetting {
    return this.set;
  }

  get counts(): DiskCounts {
    return { ...this.count };
  }

  /** Replaces the setting as a whole; counts begin at 0. */
  configure(setting: DiskSetting): void {
    this.set = setting;
    this.count = { slowSyncs: 0, stalledSyncs: 0, ioErrors: 0, spaceErrors: 0 };
    if (setting.stalled) return;
    const { stalled } = this;
    this.stalled = [];
    for (const sync of stalled) this.loop.schedule(sync, this.latency());
  }

  /** Files that servers removed from a directory, so far. */
  removals(path: string): number {
    return this.directory(path).removals;
  }

  /** The Disk port of one life of the server, onto a directory of its own. */
  open(life: Life, path = ""): Disk {
    return new DiskPort(this, this.directory(path), life);
  }

  losePower(): PowerLoss {
    const losses = { lostBytes: 0, tornWrites: 0, lostEntries: 0 };
    const directories = [...this.directories.values()];
    const before = directories.flatMap(({ names }) => [...names.values()]);
    for (const directory of directories) losses.lostEntries += directory.losePower(this.random);
    const after = directories.flatMap(({ names }) => [...names.values()]);
    for (const image of new Set([...after, ...before])) image.losePower(this.random, losses);
    this.stalled = [];
    this.powerEra++;
    return losses;
  }

  /** Harms a place of the durable data that chance draws; null: there is none. A file is cut off while nobody has it open. */
  damage(kind: Damage["kind"], area: DamageArea | "any"): Damage | null {
    const files = this.durableFiles()
      .filter(([file]) => !LAID_ASIDE.test(file) && (area === "any" || areaOf(file) === area))
      .map(([file, image]) => ({ file, image, bytes: bytesToHarm(kind, file, image) }));
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total === 0) return null;
    let offset = this.random.below(total);
    for (const { file, image, bytes } of files) {
      if (offset >= bytes) {
        offset -= bytes;
        continue;
      }
      this.wasHarmed = true;
      const damage = this.harmAt(kind, file, image, offset);
      this.trace.event({
        type: "disk",
        node: nodeName(this.id),
        what: `${kind} in ${file} at byte ${damage.offset}`,
      });
      return damage;
    }
    throw new Error("an offset was drawn that is in no file");
  }

  /** Flips one bit at a place that the caller knows. */
  flipAt(file: string, offset: number, bit: number): void {
    const image = this.durableFiles().find(([path]) => path === file)?.[1];
    if (image === undefined) throw new RangeError(`no durable file ${file}`);
    this.wasHarmed = true;
    image.flipBit(offset, bit);
  }

  /** All harm that stands. */
  damages(): readonly Damage[] {
    const images = new Set(this.durableFiles().map(([, image]) => image));
    this.harm = this.harm.filter(({ damage, image, byte }) => {
      if (!images.has(image)) return false;
      if (damage.kind === "truncate") return image.durableSize <= damage.offset;
      if (damage.offset >= image.durableSize) return false;
      if (damage.kind === "bad-sector") return image.isSpoilt(damage.offset / SECTOR_BYTES);
      return image.durableBytes()[damage.offset] === byte;
    });
    return this.harm.map(({ damage }) => damage);
  }

  // ---- what ports ask for

  /** What a write meets on this disk; `grows`: it needs space. null: nothing, it may go on. */
  checkWrite(name: string, grows: boolean): Error | null {
    if (grows && this.set.full) {
      this.count.spaceErrors++;
      return this.failure("ENOSPC", "write", name);
    }
    if (!this.random.chance(this.set.writeErrorShare)) return null;
    this.count.ioErrors++;
    return this.failure("EIO", "write", name);
  }

  sync(life: Life, what: Synced): Promise<void> {
    return new Promise((resolve, reject) => {
      const sync = new Sync(this, life, what, resolve, reject);
      if (this.set.stalled) {
        this.count.stalledSyncs++;
        this.stalled.push(sync);
      } else {
        this.loop.schedule(sync, this.latency());
      }
    });
  }

  /** The medium's part of a sync: happens also when the process that asked for it is gone. */
  endSync(sync: Sync): void {
    if (this.powerEra !== sync.era) return;
    if (this.set.stalled) {
      this.count.stalledSyncs++;
      this.stalled.push(sync);
      return;
    }
    sync.ended = true;
    if (this.random.chance(this.set.syncErrorShare)) {
      this.count.ioErrors++;
      sync.fail();
      sync.error = this.failure("EIO", "fdatasync", sync.what.name);
    } else {
      sync.finish();
    }
    this.trace.synced(this.id, sync.flush?.bytes ?? 0, this.loop.nowMs - sync.startMs);
  }

  failure(code: "EIO" | "ENOSPC", syscall: string, name: string): Error {
    const error = ioError(code, syscall, name);
    this.trace.event({ type: "disk", node: nodeName(this.id), what: error.message });
    return error;
  }

  private directory(path: string): Directory {
    let directory = this.directories.get(path);
    if (directory === undefined) {
      directory = new Directory(path);
      this.directories.set(path, directory);
    }
    return directory;
  }

  /** With their paths. */
  private durableFiles(): readonly (readonly [string, FileImage])[] {
    return [...this.directories.values()].flatMap(({ path, durableNames }) =>
      [...durableNames].map(([name, image]) => [path + name, image] as const),
    );
  }

  private latency(): number {
    const { minSyncMs, maxSyncMs, stall, stallMs } = this.profile;
    let ms = this.random.chance(stall) ? stallMs : this.random.between(minSyncMs, maxSyncMs);
    if (this.set.syncDelayMs > 0) {
      this.count.slowSyncs++;
      ms += this.set.syncDelayMs;
    }
    return ms;
  }

  private harmAt(kind: Damage["kind"], file: string, image: FileImage, offset: number): Damage {
    switch (kind) {
      case "bit-flip":
        return this.flip(file, image, offset);
      case "bad-sector":
        return this.spoil(file, image, offset);
      case "truncate":
        return this.cutOff(file, image, offset);
      default:
        return kind satisfies never;
    }
  }

  private cutOff(file: string, image: FileImage, offset: number): Damage {
    const bytes = image.durableSize - offset;
    image.cutOff(offset);
    const damage: Damage = { kind: "truncate", area: areaOf(file), file, offset, bytes };
    this.harm.push({ damage, image, byte: 0 });
    return damage;
  }

  private flip(file: string, image: FileImage, offset: number): Damage {
    image.flipBit(offset, this.random.below(8));
    const damage: Damage = { kind: "bit-flip", area: areaOf(file), file, offset, bytes: 1 };
    this.harm.push({ damage, image, byte: image.durableBytes()[offset] ?? 0 });
    return damage;
  }

  private spoil(file: string, image: FileImage, offset: number): Damage {
    const sector = Math.floor(offset / SECTOR_BYTES);
    image.spoil(sector);
    const damage: Damage = {
      kind: "bad-sector",
      area: areaOf(file),
      file,
      offset: sector * SECTOR_BYTES,
      bytes: SECTOR_BYTES,
    };
    this.harm.push({ damage, image, byte: 0 });
    return damage;
  }
}

function areaOf(file: string): DamageArea {
  return file.endsWith(".wal") ? "wal" : "checkpoint";
}

/**
 * From the file's beginning on. A flipped bit in the last write of a log, while nothing on the medium proves that write, cannot be told
 * from a tear: that is a limit which the log names, and no promise to be tried.
 */
function bytesToHarm(kind: Damage["kind"], file: string, image: FileImage): number {
  const { durableExtent } = image;
  if (kind !== "bit-flip" || !LOG_SEGMENT.test(file)) return durableExtent;
  return Math.min(durableExtent, provedBytes(image.durableBytes()));
}
