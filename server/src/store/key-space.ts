import type { mvccpb } from "@gauntlet/proto";
import sortedBtree from "sorted-btree";
import { keyOf, type Key, type KeyRange } from "./keys.js";
import { NO_VERSION, VersionLog, type VersionNumber } from "./version-log.js";
import { WordTable } from "./word-table.js";

type BTreeClass = typeof sortedBtree.default;

/** The package is CommonJS: Node imports the whole module, a test runner or bundler its default export. */
const BTree = (sortedBtree as Partial<typeof sortedBtree>).default ?? (sortedBtree as unknown as BTreeClass);

/** A key that exists at the revision it was looked up at. Reads its figures from the log when they are asked for. */
export class LiveKey {
  readonly key: Key;
  private readonly log: VersionLog;
  private readonly number: VersionNumber;
  private view: Uint8Array | null = null;

  constructor(key: Key, log: VersionLog, number: VersionNumber) {
    this.key = key;
    this.log = log;
    this.number = number;
  }

  get modRevision(): number {
    return this.log.revision(this.number);
  }

  get createRevision(): number {
    return this.log.createRevision(this.number);
  }

  /** 1 at creation, one more at each put. */
  get version(): number {
    return this.log.version(this.number);
  }

  /** The log's own bytes. */
  get value(): Uint8Array {
    this.view ??= this.log.value(this.number);
    return this.view;
  }

  toKeyValue(): mvccpb.IKeyValue {
    return {
      key: this.log.key(this.number),
      create_revision: this.createRevision,
      mod_revision: this.modRevision,
      version: this.version,
      value: this.value,
    };
  }
}

type Visitor = (live: LiveKey) => "enough" | undefined;

/** What the tree takes for the end of a walk. */
const STOP = { break: 0 };

/** What a key costs in the index beside its own length: the string, its place in the tree, its newest version. */
const INDEX_BYTES_PER_KEY = 50;

/** Every version of every key, ordered bytewise. Knows revisions as numbers that grow, nothing of requests. */
export class KeySpace {
  readonly log = new VersionLog();
  /** Each key that ever was, with its row in `newest`. */
  private readonly index = new BTree<Key, number>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));
  /** Of each key, the number of its newest version. */
  private readonly newest = new WordTable(1);
  private liveKeys = 0;
  private keyBytes = 0;

  /** `keys`: that exist now; `versions`: kept in all; `bytes`: memory of those, that of the index an estimate. */
  sizes(): { readonly keys: number; readonly versions: number; readonly bytes: number } {
    const index = this.newest.bytes + this.keyBytes + this.index.size * INDEX_BYTES_PER_KEY;
    return { keys: this.liveKeys, versions: this.log.count, bytes: this.log.bytes + index };
  }

  /** null: no such key at `revision`. */
  get(key: Key, revision: number): LiveKey | null {
    const row = this.index.get(key);
    return row === undefined ? null : this.liveAt(key, row, revision);
  }

  /**
   * Visits, in order of the keys, what existed at `revision`, until the visitor returns "enough". It must
   * not change the key space meanwhile.
   */
  visit({ from, to }: KeyRange, revision: number, visitor: Visitor): void {
    const last = to ?? this.index.maxKey();
    if (last === undefined) return;
    this.index.forRange(from, last, to === null, (key, row) => {
      const live = this.liveAt(key, row, revision);
      return live !== null && visitor(live) === "enough" ? STOP : undefined;
    });
  }

  /** Copies `value`. `revision` is at least that of the last change. */
  put(key: Key, value: Uint8Array, revision: number): void {
    const row = this.index.get(key);
    const previous = row === undefined ? NO_VERSION : this.newest.get(row, 0);
    this.add(key, row, previous, this.log.put(key, value, revision, previous));
  }

  /** The key must exist. */
  remove(key: Key, revision: number): void {
    const row = this.index.get(key);
    const previous = row === undefined ? NO_VERSION : this.newest.get(row, 0);
    this.add(key, row, previous, this.log.remove(key, revision, previous));
  }

  /** Adds the next version as a log gave it out (VersionLog.record); copies it. It must be a record (recordFault). */
  restore(record: Uint8Array, keyBytes: Uint8Array): void {
    const key = keyOf(keyBytes);
    const row = this.index.get(key);
    const previous = row === undefined ? NO_VERSION : this.newest.get(row, 0);
    this.add(key, row, previous, this.log.restore(record, previous));
  }

  private add(key: Key, row: number | undefined, previous: VersionNumber, number: VersionNumber): void {
    const [was, is] = [previous !== NO_VERSION && !this.log.isDeleted(previous), !this.log.isDeleted(number)];
    if (is !== was) this.liveKeys += is ? 1 : -1;
    if (row !== undefined) {
      this.newest.set(row, 0, number);
      return;
    }
    const added = this.newest.add();
    this.newest.set(added, 0, number);
    this.index.set(key, added);
    this.keyBytes += key.length;
  }

  private liveAt(key: Key, row: number, revision: number): LiveKey | null {
    const number = this.log.findAt(this.newest.get(row, 0), revision);
    return number === NO_VERSION || this.log.isDeleted(number) ? null : new LiveKey(key, this.log, number);
  }
}
