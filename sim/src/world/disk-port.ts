import type { Disk, DiskFile } from "@gauntlet/server/inside";
import type { SimDisk } from "./disk.js";
import { FileImage } from "./file-image.js";
import { ioError } from "./io-error.js";
import type { Life } from "./life.js";

/** What a dead process waits for. */
const NEVER = new Promise<never>(() => {});
const DONE = Promise.resolve();

/** What one life of a server sees of the disk. Nothing that a dead one asks for happens, or ends. */
export class DiskPort implements Disk {
  private readonly disk: SimDisk;
  private readonly life: Life;

  constructor(disk: SimDisk, life: Life) {
    this.disk = disk;
    this.life = life;
  }

  list(): Promise<readonly string[]> {
    return this.at(() => this.disk.list());
  }

  open(name: string, mode: "read" | "read-write" | "create-exclusive"): Promise<DiskFile> {
    return this.at(() => {
      const { disk } = this;
      let image = disk.image(name);
      if (mode === "create-exclusive") {
        if (image !== null) throw ioError("EEXIST", "open", name);
        const error = disk.checkWrite(name, true);
        if (error !== null) throw error;
        const created = new FileImage();
        image = created;
        disk.change((names) => names.set(name, created));
      }
      if (image === null) throw ioError("ENOENT", "open", name);
      return new FilePort(disk, this.life, name, image);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.at(() => {
      const image = this.disk.image(from);
      if (image === null) throw ioError("ENOENT", "rename", from);
      this.disk.change((names) => {
        // Undone, or done, as a whole; a name whose creation was lost has nothing to rename.
        names.delete(from);
        names.set(to, image);
      });
    });
  }

  remove(name: string): Promise<void> {
    return this.at(() => {
      if (this.disk.image(name) === null) throw ioError("ENOENT", "unlink", name);
      this.disk.change((names) => names.delete(name));
    });
  }

  syncDirectory(): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    return this.disk.sync(this.life, ".", null);
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
      const error = disk.checkWrite(this.name, end > image.size);
      if (error !== null) return Promise.reject(error);
    }
    image.write(parts, offset);
    return DONE;
  }

  truncate(length: number): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    this.disk.loop.settle();
    this.image.truncate(length);
    return DONE;
  }

  sync(): Promise<void> {
    if (this.life.state === "dead") return NEVER;
    return this.disk.sync(this.life, this.name, this.image);
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
