import type { KeyRow } from "./key-index.js";
import type { Key } from "./keys.js";
import { Slabs } from "./slabs.js";
import type { VersionNumber } from "./version-log.js";

/** Of an entry: u32 number of the newest version, u32 length of the key, the key. */
const NEWEST = 0;
const LENGTH = 4;
const KEY = 8;

/** A row is the place of an entry: its slab, and its offset there in words, of which a slab of 4 MiB has 2^20. */
const OFFSET_BITS = 20;
const OFFSET_MASK = (1 << OFFSET_BITS) - 1;
const MAX_SLABS = 2 ** (32 - OFFSET_BITS);

/**
 * Each key that ever was, with its newest version, close together outside the JavaScript heap: a search looks at some twenty keys,
 * which would not be in a processor's cache beside their values.
 */
export class KeyTable {
  private readonly slabs = new Slabs();

  /** Memory taken. */
  get bytes(): number {
    return this.slabs.bytes;
  }

  add(key: Key, newest: VersionNumber): KeyRow {
    const { bytes, view } = this.slabs.reserve((KEY + key.length + 3) & ~3);
    const { lastSlab, lastOffset } = this.slabs;
    if (lastSlab >= MAX_SLABS) throw new RangeError("there is no room for more keys");
    view.setUint32(lastOffset + NEWEST, newest, true);
    view.setUint32(lastOffset + LENGTH, key.length, true);
    bytes.write(key, lastOffset + KEY, key.length, "latin1");
    return ((lastSlab << OFFSET_BITS) | (lastOffset >>> 2)) >>> 0;
  }

  newest(row: KeyRow): VersionNumber {
    return this.slabs.at(row >>> OFFSET_BITS).view.getUint32(offsetOf(row) + NEWEST, true);
  }

  setNewest(row: KeyRow, newest: VersionNumber): void {
    this.slabs.at(row >>> OFFSET_BITS).view.setUint32(offsetOf(row) + NEWEST, newest, true);
  }

  /** Below 0: `key` comes before that of the row; 0: it is that. */
  compare(key: Key, row: KeyRow): number {
    const { bytes, view } = this.slabs.at(row >>> OFFSET_BITS);
    const offset = offsetOf(row);
    const length = view.getUint32(offset + LENGTH, true);
    const from = offset + KEY;
    const common = key.length < length ? key.length : length;
    for (let at = 0; at < common; at++) {
      const difference = key.charCodeAt(at) - (bytes[from + at] ?? 0);
      if (difference !== 0) return difference;
    }
    return key.length - length;
  }
}

function offsetOf(row: KeyRow): number {
  return (row & OFFSET_MASK) << 2;
}
