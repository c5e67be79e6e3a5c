import type { mvccpb } from "@gauntlet/proto";
import { KeyIndex, type KeyRow } from "./key-index.js";
import { KeyTable } from "./key-table.js";
import { keyOf, type Key, type KeyRange } from "./keys.js";
import { NO_VERSION, VersionLog, type VersionNumber } from "./version-log.js";

/** A key that exists at the revision it was looked up at. Reads its figures from the log when they are asked for. */
export class LiveKey {
  private readonly log: VersionLog;
  private readonly number: VersionNumber;
  private keyView: Key | null = null;
  private view: Uint8Array | null = null;

  constructor(log: VersionLog, number: VersionNumber) {
    this.log = log;
    this.number = number;
  }

  get key(): Key {
    this.keyView ??= keyOf(this.log.key(this.number));
    return this.keyView;
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

/** Every version of every key, ordered bytewise. Knows revisions as numbers that grow, nothing of requests. */
export class KeySpace {
  readonly log = new VersionLog();
  private readonly keys = new KeyTable();
  private readonly index = new KeyIndex((key, row) => this.keys.compare(key, row));
  private liveKeys = 0;

  /** `keys`: that exist now; `versions`: kept in all; `bytes`: memory of those. */
  sizes(): { readonly keys: number; readonly versions: number; readonly bytes: number } {
    const bytes = this.log.bytes + this.keys.bytes + this.index.bytes;
    return { keys: this.liveKeys, versions: this.log.count, bytes };
  }

  /** null: no such key at `revision`. */
  get(key: Key, revision: number): LiveKey | null {
    const row = this.index.get(key);
    return row === undefined ? null : this.liveAt(row, revision);
  }

  /**
   * Visits, in order of the keys, what existed at `revision`, until the visitor returns "enough". It must
   * not change the key space meanwhile.
   */
  visit({ from, to }: KeyRange, revision: number, visitor: Visitor): void {
    this.index.visit(from, to, (row) => {
      const live = this.liveAt(row, revision);
      return live === null || visitor(live) !== "enough";
    });
  }

  /** Copies `value`. `revision` is at least that of the last change. */
  put(key: Key, value: Uint8Array, revision: number): void {
    const row = this.index.get(key);
    const previous = row === undefined ? NO_VERSION : this.keys.newest(row);
    this.add(key, row, previous, this.log.put(key, value, revision, previous));
  }

  /** The key must exist. */
  remove(key: Key, revision: number): void {
    const row = this.index.get(key);
    const previous = row === undefined ? NO_VERSION : this.keys.newest(row);
    this.add(key, row, previous, this.log.remove(key, revision, previous));
  }

  /** Adds the next version as a log gave it out (VersionLog.record); copies it. It must be a record (recordFault). */
  restore(record: Uint8Array, keyBytes: Uint8Array): void {
    const key = keyOf(keyBytes);
    const row = this.index.get(key);
    const previous = row === undefined ? NO_VERSION : this.keys.newest(row);
    this.add(key, row, previous, this.log.restore(record, previous));
  }

  private add(key: Key, row: KeyRow | undefined, previous: VersionNumber, number: VersionNumber): void {
    const [was, is] = [previous !== NO_VERSION && !this.log.isDeleted(previous), !this.log.isDeleted(number)];
    if (is !== was) this.liveKeys += is ? 1 : -1;
    if (row !== undefined) {
      this.keys.setNewest(row, number);
      return;
    }
    this.index.add(key, this.keys.add(key, number));
  }

  private liveAt(row: KeyRow, revision: number): LiveKey | null {
    const number = this.log.findAt(this.keys.newest(row), revision);
    return number === NO_VERSION || this.log.isDeleted(number) ? null : new LiveKey(this.log, number);
  }
}
