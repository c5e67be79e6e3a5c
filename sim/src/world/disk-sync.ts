import type { SimDisk } from "./disk.js";
import type { FileImage, Flush } from "./file-image.js";
import type { Life } from "./life.js";
import type { Task } from "./loop.js";

export type Directory = Map<string, FileImage>;
export type DirectoryChange = (names: Directory) => void;

/** A sync of a file, or of the directory where `flush` is null, on its way to the medium. */
export class Sync implements Task {
  readonly life: Life;
  readonly image: FileImage | null;
  readonly name: string;
  readonly flush: Flush | null;
  /** Of the directory: how many of its changes it covers. */
  readonly changes: readonly DirectoryChange[];
  readonly startMs: number;
  readonly era: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** The disk has done its part; what is left is to tell the process. */
  error: Error | null = null;
  ended = false;
  private readonly disk: SimDisk;

  constructor(
    disk: SimDisk,
    life: Life,
    name: string,
    image: FileImage | null,
    changes: readonly DirectoryChange[],
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.disk = disk;
    this.life = life;
    this.name = name;
    this.image = image;
    this.flush = image?.beginSync() ?? null;
    this.changes = changes;
    this.startMs = disk.loop.nowMs;
    this.era = disk.powerEra;
    this.resolve = resolve;
    this.reject = reject;
  }

  run(): void {
    if (!this.ended) this.disk.endSync(this);
    if (!this.ended || !this.life.admits(this)) return;
    this.disk.loop.settle();
    if (this.error === null) this.resolve();
    else this.reject(this.error);
  }
}
