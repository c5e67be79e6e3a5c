import type { Disk, DiskFile } from "@gauntlet/server/inside";
import type { SimDisk } from "./disk.js";
import type { Directory } from "./disk-sync.js";
import { FileImage } from "./file-image.js";
import { ioError } from "./io-error.js";
import type { Life } from "./life.js";

/** What a dead process waits for. */
const NEVER = new Promise<never>(() => {});
const DONE = Promise.resolve();

/** What one life of a server sees of a directory. Nothing that a dead one asks for happens, or ends. */
export class DiskPort implements Disk {
  private readonly disk: SimDisk;
  private readonly directory: Directory;
  private readonly life: Life;

  constructor(disk: SimDisk, directory: Directory, life: Life) {
    this.disk = disk;
    this.directory = directory;
    this.life = life;
  }

  list(): Promise<readonly string[]> {
    return this.at(() => [...this.directory.names.keys()]);
  }

  open(name: string, mode: "read" | "read-write" | "create-exclusive"): Promise<DiskFile> {
    return this.at(() => {
      const { disk, directory } = this;
      let image = directory.names.get(name);
      if (mode === "create-exclusive") {
        if (image !== undefined) throw ioError("EEXIST", "open", name);
        const error = disk.checkWrite(name, true);
        if (error !== null) throw error;
        const created = new FileImage();
        image = created;
        directory.change((names) => names.set(name, created));
      }
      if (image === undefined) throw ioError("ENOENT", "open", name);
      return new FilePort(disk, this.life, directory.path + name, image);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.at(() => {
      const image = this.directory.names.get(from);
      if (image === undefined) throw ioError("ENOENT", "rename", from);
      this.directory.change((names) => {
        // Undone, or done, as a whole; a name whose creation was lost has nothing to rename.
        names.delete(from);
        names.set(to, image);
      });
    });
  }

  remove(name: string): Promise<void> {
    return this.at(() => {
      if (!this.directory.names.has(name)) throw ioError("ENOENT", "unlink", name);
      this.directory.removals++;
      this.directory.change((names) => names.delete(name));
    });
  }

  syncDirectory(): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    return this.disk.sync(this.life, { name: `${this.directory.path}.`, directory: this.directory });
  }

  private async at<T>(action: () => T): Promise<T> {
    if (this.life.state === "dead") return NEVER;
    this.disk.loop.settle();
    return action();
  }
}

class FilePort implements DiskFile {
  private readonly disk: SimDisk;
  private readonly life: Life;
  private readonly name: string;
  private readonly image: FileImage;

  constructor(disk: SimDisk, life: Life, name: string, image: FileImage) {
    this.disk = disk;
    this.life = life;
    this.name = name;
    this.image = image;
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    if (this.life.state === "dead") return NEVER;
    const { disk, image, name } = this;
    disk.loop.settle();
    if (image.hasUnreadable && image.isUnreadable(offset, Math.min(image.size, offset + into.length))) {
      return Promise.reject(disk.failure("EIO", "read", name));
    }
    return Promise.resolve(image.read(into, offset));
  }

  write(parts: readonly Uint8Array[], offset: number): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    const { disk, image } = this;
    disk.loop.settle();
    const { writeErrorShare, full } = disk.setting;
    if (writeErrorShare > 0 || full) {
      const end = parts.reduce((sum, part) => sum + part.length, offset);
      const error = disk.checkWrite(this.name, end > image.allocated);
      if (error !== null) {
        // As write(2) has it: what there is room for is written before it says that there is no more.
        if (full && offset < image.allocated) image.write(within(parts, image.allocated - offset), offset);
        return Promise.reject(error);
      }
    }
    image.write(parts, offset);
    return DONE;
  }

  async writeDurably(parts: readonly Uint8Array[], offset: number): Promise<void> {
    await this.write(parts, offset);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    return this.disk.sync(this.life, { name: this.name, image: this.image, range: [offset, offset + bytes] });
  }

  truncate(length: number): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    this.disk.loop.settle();
    this.image.truncate(length);
    return DONE;
  }

  sync(): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    return this.disk.sync(this.life, { name: this.name, image: this.image, range: null });
  }

  size(): Promise<number> {
    if (this.life.state === "dead") return NEVER;
    this.disk.loop.settle();
    return Promise.resolve(this.image.size);
  }

  close(): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    this.disk.loop.settle();
    return DONE;
  }
}

/** The first `bytes` of them. */
function within(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  return parts.map((part) => {
    const taken = part.subarray(0, Math.max(0, left));
    left -= part.length;
    return taken;
  });
}
