import { randomInt } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";

const PAGE = 4096;
/**
 * What a crash may have torn is at the end of what was written, and no server can tell harm there from a tear: it is
 * spared, and so are files that are no longer than this.
 */
const SPARED_TAIL_BYTES = 8 * 1024;

export interface Damage {
  readonly kind: "bit-flip";
  /** Below the server's directory. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

interface Flip extends Damage {
  readonly inode: number;
  readonly is: number;
}

/** Bits that were flipped on this machine's disk. */
export class Damages {
  readonly #directory: string;
  readonly #flips: Flip[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Flips one bit of what was written to a file that is drawn; null when nothing is long enough. */
  async flip(): Promise<Damage | null> {
    const files = await filesIn(this.#directory);
    while (files.length > 0) {
      const [path = ""] = files.splice(randomInt(files.length), 1);
      const offset = await drawPlace(path);
      if (offset === null) continue;
      const flip = await flipAt(path, offset);
      const damage: Damage = { kind: "bit-flip", file: relative(this.#directory, path), offset, bytes: 1 };
      this.#flips.push({ ...damage, ...flip });
      return damage;
    }
    return null;
  }

  /** The flips that still stand: the same file, with the flipped byte in it. */
  async standing(): Promise<readonly Damage[]> {
    const standing: Damage[] = [];
    for (const { inode, is, ...damage } of this.#flips) {
      const byte = await byteAt(join(this.#directory, damage.file), damage.offset, inode);
      if (byte === is) standing.push(damage);
    }
    return standing;
  }
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** A byte that is not zero, of a page that is drawn among those with data; null when there is none. */
async function drawPlace(path: string): Promise<number | null> {
  const file = await open(path, "r");
  try {
    const pages: number[] = [];
    const page = Buffer.alloc(PAGE);
    const { size } = await file.stat();
    for (let at = 0; at < size; at += PAGE) {
      const { bytesRead } = await file.read(page, 0, PAGE, at);
      if (page.subarray(0, bytesRead).some((byte) => byte !== 0)) pages.push(at);
    }
    // Zeros behind it are room for what is to come.
    const end = (pages.at(-1) ?? -PAGE) + PAGE - SPARED_TAIL_BYTES;
    const durable = pages.filter((at) => at < end);
    if (durable.length === 0) return null;
    const at = durable[randomInt(durable.length)] ?? 0;
    await file.read(page, 0, PAGE, at);
    const offsets = [...page.keys()].filter((index) => page[index] !== 0);
    return at + (offsets[randomInt(offsets.length)] ?? 0);
  } finally {
    await file.close();
  }
}

async function flipAt(
  path: string,
  offset: number,
): Promise<{ readonly inode: number; readonly is: number }> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, offset);
    const is = (byte[0] ?? 0) ^ (1 << randomInt(8));
    byte[0] = is;
    await file.write(byte, 0, 1, offset);
    await file.sync();
    return { inode: (await file.stat()).ino, is };
  } finally {
    await file.close();
  }
}

async function byteAt(path: string, offset: number, inode: number): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.ino !== inode) return null;
  const file = await open(path, "r");
  try {
    const byte = Buffer.alloc(1);
    const { bytesRead } = await file.read(byte, 0, 1, offset);
    return bytesRead === 1 ? (byte[0] ?? null) : null;
  } finally {
    await file.close();
  }
}
