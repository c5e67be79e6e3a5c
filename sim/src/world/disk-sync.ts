import type { SimDisk } from "./disk.js";
import type { FileImage, Flush } from "./file-image.js";
import type { Life } from "./life.js";
import type { Task } from "./loop.js";
import type { Stream } from "./random.js";

export type Names = Map<string, FileImage>;
export type NamesChange = (names: Names) => void;

/** A directory twice, as files are: as processes see it, and as the medium has it. */
export class Directory {
  /** With a slash behind it where it is not the only one. */
  readonly path: string;
  names: Names = new Map();
  durableNames: Names = new Map();
  /** Of `names`, and in no sync that has ended. */
  changes: NamesChange[] = [];
  /** Files that were removed, so far. */
  removals = 0;

  constructor(path: string) {
    this.path = path;
  }

  change(change: NamesChange): void {
    change(this.names);
    this.changes.push(change);
  }

  /** What a later sync that ended before this one made durable is not done again. */
  finishSync(covered: readonly NamesChange[]): void {
    for (const change of this.changes) if (covered.includes(change)) change(this.durableNames);
    this.changes = this.changes.filter((change) => !covered.includes(change));
  }

  /** Of the changes that were not synced, chance keeps some; returns how many are lost. */
  losePower(random: Stream): number {
    let lost = 0;
    const names = new Map(this.durableNames);
    for (const change of this.changes) {
      if (random.below(2) === 0) change(names);
      else lost++;
    }
    this.names = names;
    this.durableNames = new Map(names);
    this.changes = [];
    return lost;
  }
}

/** What is synced: a file, or the names of a directory. */
export type Synced =
  | {
      readonly name: string;
      readonly image: FileImage;
      /** From, to: a write that is durable when it ends syncs nothing but its own bytes. null: all of the file. */
      readonly range: readonly [number, number] | null;
    }
  | { readonly name: string; readonly directory: Directory };

/** On its way to the medium. */
export class Sync implements Task {
  readonly life: Life;
  readonly what: Synced;
  /** Of a file. */
  readonly flush: Flush | null;
  /** Of a directory: the changes that it covers. */
  private readonly changes: readonly NamesChange[];
  readonly startMs: number;
  readonly era: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** The disk has done its part; what is left is to tell the process. */
  error: Error | null = null;
  ended = false;
  private readonly disk: SimDisk;

  constructor(disk: SimDisk, life: Life, what: Synced, resolve: () => void, reject: (error: Error) => void) {
    this.disk = disk;
    this.life = life;
    this.what = what;
    this.flush = "image" in what ? what.image.beginSync(what.range) : null;
    this.changes = "directory" in what ? [...what.directory.changes] : [];
    this.startMs = disk.loop.nowMs;
    this.era = disk.powerEra;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** The medium has it. */
  finish(): void {
    const { what, flush } = this;
    if ("directory" in what) what.directory.finishSync(this.changes);
    else if (flush !== null) what.image.finishSync(flush);
  }

  /** The medium does not have it, and the file's pages count as clean all the same. */
  fail(): void {
    const { what, flush } = this;
    if ("image" in what && flush !== null) what.image.failSync(flush);
  }

  run(): void {
    if (!this.ended) this.disk.endSync(this);
    if (!this.ended || !this.life.admits(this)) return;
    this.disk.loop.settle();
    if (this.error === null) this.resolve();
    else this.reject(this.error);
  }
}
