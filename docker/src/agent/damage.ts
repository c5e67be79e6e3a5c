import { randomInt } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { drawInProvenTail } from "./proven-tail.js";
import type { Request as AnyRequest, Result } from "./protocol.js";

const PAGE = 4096;
/**
 * What a crash may have torn is at the end of what was written, and no server can tell harm there from a tear: it is
 * spared, and so are files that are no longer than this.
 */
const SPARED_TAIL_BYTES = 8 * 1024;
/** Kept for people by a server that recovered; to harm them again would show nothing. */
const LAID_ASIDE = /\.damaged$/;

type Request = Extract<AnyRequest, { command: "harm" }>;
type Damage = NonNullable<Result<"harm">["damage"]>;

/** What was done, and how the medium shows it. */
interface Harm {
  readonly damage: Damage;
  readonly inode: number;
  /** The byte that is there now; null where the file ends. */
  readonly is: number | null;
}

/** Harm that was done to this machine's durable data. */
export class Damages {
  readonly #directory: string;
  readonly #done: Harm[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Flips one bit of a file that is drawn in the area, or cuts the file off at a place that is drawn in it. Null when
   * nothing is long enough. `tail` spares only what the server cannot tell from a tear; it must not run.
   */
  async harm(kind: Request["kind"], area: Request["area"]): Promise<Damage | null> {
    const all = await filesIn(this.#directory);
    if (area === "tail") return this.#harmTail(kind, all);
    const files = all.filter((path) => area === "any" || areaOf(path) === area);
    while (files.length > 0) {
      const [path = ""] = files.splice(randomInt(files.length), 1);
      const offset = await drawPlace(path);
      if (offset === null) continue;
      return this.#harmAt(kind, path, offset);
    }
    return null;
  }

  async #harmTail(kind: Request["kind"], files: readonly string[]): Promise<Damage | null> {
    const place = await drawInProvenTail(this.#directory);
    const path = files.find((each) => basename(each) === place?.segment);
    return place === null || path === undefined ? null : this.#harmAt(kind, path, place.offset);
  }

  async #harmAt(kind: Request["kind"], path: string, offset: number): Promise<Damage> {
    const { bytes, inode, is } = await (kind === "truncate" ? cutOffAt : flipAt)(path, offset);
    const file = relative(this.#directory, path);
    const damage: Damage = { kind, area: areaOf(path), file, offset, bytes };
    this.#done.push({ damage, inode, is });
    return damage;
  }

  /** The harm that still stands: the same file, with the flipped byte in it, or ending where it was cut off. */
  async standing(): Promise<readonly Damage[]> {
    const standing: Damage[] = [];
    for (const { damage, inode, is } of this.#done) {
      const found = await byteAt(join(this.#directory, damage.file), damage.offset, inode);
      if (found !== undefined && found === is) standing.push(damage);
    }
    return standing;
  }
}

/** The log is made of `.wal` files; the rest is the state. */
function areaOf(path: string): Damage["area"] {
  return path.endsWith(".wal") ? "wal" : "checkpoint";
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const live = entries.filter((entry) => entry.isFile() && !LAID_ASIDE.test(entry.name));
  return live.map((entry) => join(entry.parentPath, entry.name));
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

type Done = Omit<Harm, "damage"> & { readonly bytes: number };

async function flipAt(path: string, offset: number): Promise<Done> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, offset);
    const is = (byte[0] ?? 0) ^ (1 << randomInt(8));
    byte[0] = is;
    await file.write(byte, 0, 1, offset);
    await file.sync();
    return { bytes: 1, inode: (await file.stat()).ino, is };
  } finally {
    await file.close();
  }
}

async function cutOffAt(path: string, offset: number): Promise<Done> {
  const file = await open(path, "r+");
  try {
    const { size, ino } = await file.stat();
    await file.truncate(offset);
    await file.sync();
    return { bytes: size - offset, inode: ino, is: null };
  } finally {
    await file.close();
  }
}

/** Null where the file ends before; undefined where it is not that file any more. */
async function byteAt(path: string, offset: number, inode: number): Promise<number | null | undefined> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.ino !== inode) return undefined;
  const file = await open(path, "r");
  try {
    const byte = Buffer.alloc(1);
    const { bytesRead } = await file.read(byte, 0, 1, offset);
    return bytesRead === 1 ? (byte[0] ?? null) : null;
  } finally {
    await file.close();
  }
}
