import { open, type FileHandle } from "node:fs/promises";
import { StateDamaged } from "../ports.js";

/**
 * Looks over the frame of an LMDB file by ordinary reads, before LMDB maps it into memory: LMDB trusts every page number,
 * offset and length in it, and a wrong one kills the process or lets the next commit overwrite what is in use. Of its
 * two meta pages the newer names the roots of two B+ trees: the data, and the free pages by the transaction that freed
 * them. Values on pages of their own are not read: they carry checksums.
 *
 * The layout is that of lmdb 3.5.6 (data version 2, dependencies/lmdb/libraries/liblmdb/mdb.c), little-endian.
 */
export async function checkLmdbFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await new FileCheck(path, handle, (await handle.stat()).size).run();
  } finally {
    await handle.close();
  }
}

const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const HEADER_BYTES = 24;
const META_PAGES = 2;
const NO_PAGE = Number.POSITIVE_INFINITY;
const MAX_DEPTH = 32;
/** Pages that LMDB gave out and never wrote may lie behind the end of the file; a commit is much smaller than this. */
const UNWRITTEN_BYTES = 64 << 20;
const MAX_MAP_BYTES = 2 ** 46;

const BRANCH = 1;
const LEAF = 2;
const META = 8;
const INTEGER_KEYS = 8;
const VALUE_ON_OWN_PAGES = 1;
const NODE_BYTES = 8;
const OWN_PAGES_BYTES = 24;

interface Tree {
  readonly name: string;
  readonly flags: number;
  readonly depth: number;
  readonly entries: number;
  readonly root: number;
}

interface Meta {
  readonly pageBytes: number;
  readonly mapBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
}

interface Node {
  readonly key: Buffer;
  /** Of a branch. */
  readonly child: number;
  /** Of a leaf: in the page, or the pages that it has for itself. */
  readonly value: Buffer | { readonly page: number; readonly bytes: number };
}

class FileCheck {
  private readonly path: string;
  private readonly handle: FileHandle;
  private readonly fileBytes: number;
  private meta: Meta = NO_META;
  /** One byte a page: taken by a tree. */
  private taken = new Uint8Array(0);
  private entries = 0;

  constructor(path: string, handle: FileHandle, fileBytes: number) {
    this.path = path;
    this.handle = handle;
    this.fileBytes = fileBytes;
  }

  async run(): Promise<void> {
    this.meta = await this.newestMeta();
    const { lastPage, pageBytes, free, main } = this.meta;
    const possible = lastPage * pageBytes <= this.fileBytes + UNWRITTEN_BYTES && lastPage >= META_PAGES - 1;
    this.expect(possible, `it names ${lastPage} as its last page`);
    this.taken = new Uint8Array(lastPage + 1).fill(1, 0, META_PAGES);
    const lists: Buffer[] = [];
    await this.tree(main, compareBytes, () => undefined);
    await this.tree(free, compareIntegers, async ({ key, value }) => {
      this.expect(integerAt(key, 0) <= this.meta.transaction, "it has pages freed by a transaction to come");
      lists.push(
        Buffer.isBuffer(value)
          ? value
          : await this.readAt(value.page * pageBytes + HEADER_BYTES, value.bytes),
      );
    });
    for (const list of lists) this.freePages(list);
  }

  private async newestMeta(): Promise<Meta> {
    const first = this.decodeMeta(await this.readAt(0, 512), 0);
    const second = this.decodeMeta(await this.readAt(first.pageBytes, 512), 1);
    this.expect(first.pageBytes === second.pageBytes, "its two meta pages disagree");
    const [one, other] = [first.transaction, second.transaction];
    // Transactions write the two by turns.
    const [newer, older] = one >= other ? [first, second] : [second, first];
    const gap = newer.transaction - older.transaction;
    const alternate = one % 2 === 0 && other % 2 === 1 && (gap === 1 || gap === 3);
    this.expect(
      alternate || (one === 0 && other === 0),
      `its meta pages are of transactions ${one} and ${other}`,
    );
    const newerHasRoot = await this.rootIsAsOld(newer);
    this.expect(newerHasRoot, `the root of transaction ${newer.transaction} is not of that transaction`);
    const inTurn = gap <= 1 && (await this.rootIsAsOld(older));
    this.expect(
      inTurn || older.lastPage <= newer.lastPage,
      `the root of transaction ${older.transaction} is not of that transaction`,
    );
    return newer;
  }

  /**
   * Each commit of ours replaces the head of the state, and so writes a new root: a meta page that names a root of another
   * transaction is not what was written, and could show the state before the last commit as the last.
   *
   * The older page alone may be so, where the write of a meta page failed. LMDB then gives it back the number and the last page of
   * before, and leaves the new roots; or a killed process could not, the next start took what it saw, and wrote the other page:
   * then the disk has one of three transactions ago, whose root may have been overwritten. Either names no page behind
   * the newer's last. Should it have been the newest, and its number be damaged, then the state before is taken, which is whole: the log has
   * what follows, or shows that it is missing.
   */
  private async rootIsAsOld({ main, transaction, pageBytes }: Meta): Promise<boolean> {
    if (main.root === NO_PAGE) return transaction === 0;
    if ((main.root + 1) * pageBytes > this.fileBytes) return false;
    const head = await this.readAt(main.root * pageBytes, HEADER_BYTES);
    return integerAt(head, 0) === main.root && integerAt(head, 8) === transaction;
  }

  private decodeMeta(page: Buffer, number: number): Meta {
    const isMeta = page.readUInt16LE(18) === META && page.readUInt32LE(24) === MAGIC;
    this.expect(isMeta, `page ${number} is no meta page`);
    this.expect(page.readUInt32LE(28) === DATA_VERSION, `page ${number} has another data version`);
    const pageBytes = page.readUInt32LE(48);
    this.expect(
      pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0,
      "its page size is wrong",
    );
    const mapBytes = integerAt(page, 40);
    this.expect(mapBytes >= this.fileBytes && mapBytes <= MAX_MAP_BYTES, "the size of its map is wrong");
    const free = decodeTree("free pages", page, 48);
    const main = decodeTree("data", page, 96);
    this.expect(free.flags === INTEGER_KEYS && main.flags === 0, "its trees are of another kind");
    return {
      pageBytes,
      mapBytes,
      free,
      main,
      lastPage: integerAt(page, 144),
      transaction: integerAt(page, 152),
    };
  }

  private async tree(
    tree: Tree,
    compare: (one: Buffer, other: Buffer) => number,
    visit: (node: Node) => Promise<void> | undefined,
  ): Promise<void> {
    const empty = tree.root === NO_PAGE;
    this.expect(
      tree.depth <= MAX_DEPTH && empty === (tree.depth === 0),
      `its tree of ${tree.name} has no root`,
    );
    this.entries = 0;
    if (!empty) await this.page(tree.root, tree.depth, null, null, compare, visit);
    this.expect(
      this.entries === tree.entries,
      `its tree of ${tree.name} has ${this.entries} of ${tree.entries} entries`,
    );
  }

  /** The page and all below it; its keys lie in [from, end). */
  private async page(
    number: number,
    depth: number,
    from: Buffer | null,
    end: Buffer | null,
    compare: (one: Buffer, other: Buffer) => number,
    visit: (node: Node) => Promise<void> | undefined,
  ): Promise<void> {
    this.take(number, 1);
    const nodes = this.nodes(
      await this.readAt(number * this.meta.pageBytes, this.meta.pageBytes),
      number,
      depth === 1,
    );
    // The first key of a branch says nothing.
    const keyed = depth === 1 ? nodes : nodes.slice(1);
    let before = from;
    for (const [at, { key }] of keyed.entries()) {
      const order = before === null ? 1 : compare(key, before);
      const inside = at === 0 && depth === 1 ? order >= 0 || before === null : order > 0;
      this.expect(
        inside && (end === null || compare(key, end) < 0),
        `the keys of page ${number} are in disorder`,
      );
      before = key;
    }
    if (depth === 1) {
      this.entries += nodes.length;
      for (const node of nodes) {
        if (!Buffer.isBuffer(node.value)) this.take(node.value.page, this.pagesOf(node.value.bytes));
        await visit(node);
      }
      return;
    }
    for (const [at, { key, child }] of nodes.entries()) {
      await this.page(child, depth - 1, at === 0 ? from : key, nodes[at + 1]?.key ?? end, compare, visit);
    }
  }

  private nodes(page: Buffer, number: number, leaf: boolean): readonly Node[] {
    const [flags, lower, upper] = [page.readUInt16LE(18), page.readUInt16LE(20), page.readUInt16LE(22)];
    const right = integerAt(page, 0) === number && flags === (leaf ? LEAF : BRANCH);
    // LMDB writes to a page of a later transaction in place, in memory that it must not write to.
    this.expect(right && integerAt(page, 8) <= this.meta.transaction, `page ${number} has a wrong head`);
    const room = page.length - HEADER_BYTES;
    const count = lower / 2;
    const sized = lower % 2 === 0 && lower <= upper && upper <= room && count >= (leaf ? 1 : 2);
    this.expect(sized, `page ${number} has a wrong head`);
    return Array.from({ length: count }, (_, at) => {
      const offset = page.readUInt16LE(HEADER_BYTES + 2 * at);
      const begins = offset >= upper && offset % 2 === 0 && offset + NODE_BYTES <= room;
      this.expect(begins, `entry ${at} of page ${number} lies outside of it`);
      return this.node(page.subarray(HEADER_BYTES + offset), `entry ${at} of page ${number}`, leaf);
    });
  }

  private node(bytes: Buffer, name: string, leaf: boolean): Node {
    const low = bytes.readUInt32LE(0);
    const flags = bytes.readUInt16LE(4);
    const keyEnd = NODE_BYTES + bytes.readUInt16LE(6);
    this.expect(keyEnd <= bytes.length, `the key of ${name} is too long`);
    const key = bytes.subarray(NODE_BYTES, keyEnd);
    if (!leaf) return { key, child: flags * 2 ** 32 + low, value: Buffer.alloc(0) };
    const own = flags === VALUE_ON_OWN_PAGES;
    this.expect(own || flags === 0, `${name} is of another kind`);
    const valueEnd = keyEnd + (own ? OWN_PAGES_BYTES : low);
    this.expect(valueEnd <= bytes.length, `the value of ${name} is too long`);
    if (!own) return { key, child: 0, value: bytes.subarray(keyEnd, valueEnd) };
    const right =
      integerAt(bytes, keyEnd + 8) <= this.meta.transaction &&
      integerAt(bytes, keyEnd + 16) === this.pagesOf(low);
    this.expect(right, `the pages of ${name} are wrong`);
    return { key, child: 0, value: { page: integerAt(bytes, keyEnd), bytes: low } };
  }

  private pagesOf(bytes: number): number {
    return Math.ceil((HEADER_BYTES + bytes) / this.meta.pageBytes);
  }

  /** `list`: how many follow; 0 for nothing, a page, or the negative length of a run of pages and its first. */
  private freePages(list: Buffer): void {
    const count = list.length < 8 ? -1 : integerAt(list, 0);
    this.expect(count >= 0 && 8 * (count + 1) <= list.length, "a list of its free pages is too long");
    for (let at = 1; at <= count; at++) {
      const entry = Number(list.readBigInt64LE(8 * at));
      if (entry === 0) continue;
      const length = entry < 0 ? -entry : 1;
      if (entry < 0) this.expect(++at <= count, "a list of its free pages ends within a run");
      const first = integerAt(list, 8 * at);
      this.expect(
        first >= META_PAGES && first + length <= this.taken.length,
        `page ${first} is free, and not there`,
      );
      const used = this.taken.subarray(first, first + length).includes(1);
      this.expect(!used, `page ${first} is free and in use`);
    }
  }

  private take(first: number, pages: number): void {
    const end = first + pages;
    const inside =
      first >= META_PAGES && end <= this.taken.length && end * this.meta.pageBytes <= this.fileBytes;
    this.expect(inside, `page ${first} is named, and not there`);
    this.expect(!this.taken.subarray(first, end).includes(1), `page ${first} is named twice`);
    this.taken.fill(1, first, end);
  }

  private async readAt(offset: number, bytes: number): Promise<Buffer> {
    const into = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await this.handle.read(into, 0, bytes, offset);
    this.expect(bytesRead === bytes, `it ends at ${offset + bytesRead} bytes`);
    return into;
  }

  private expect(condition: boolean, otherwise: string): asserts condition {
    if (!condition) throw new StateDamaged(`${this.path} is damaged: ${otherwise}`);
  }
}

const NO_TREE: Tree = { name: "", flags: 0, depth: 0, entries: 0, root: NO_PAGE };
const NO_META: Meta = {
  pageBytes: 0,
  mapBytes: 0,
  free: NO_TREE,
  main: NO_TREE,
  lastPage: 0,
  transaction: 0,
};

function decodeTree(name: string, page: Buffer, at: number): Tree {
  const root = page.readBigUInt64LE(at + 40);
  return {
    name,
    flags: page.readUInt16LE(at + 4),
    depth: page.readUInt16LE(at + 6),
    entries: integerAt(page, at + 32),
    root: root === 0xffff_ffff_ffff_ffffn ? NO_PAGE : Number(root),
  };
}

/** Rounded beyond 2^53, where no figure in a sound file is. */
function integerAt(bytes: Buffer, at: number): number {
  return bytes.length < at + 8 ? Number.NaN : bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

const compareBytes = (one: Buffer, other: Buffer): number => Buffer.compare(one, other);
const compareIntegers = (one: Buffer, other: Buffer): number => integerAt(one, 0) - integerAt(other, 0);
