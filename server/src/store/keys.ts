/**
 * A key of the index: one character a byte, so that strings order as the bytes do.
 * A branded type: text that was never converted is not a key.
 */
export type Key = string & { readonly __brand: "key" };

/** Keys in [from, to); `to` null: no upper end. */
export interface KeyRange {
  readonly from: Key;
  readonly to: Key | null;
}

export function keyOf(bytes: Uint8Array): Key {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString("latin1") as Key;
}

export function keyBytes(key: Key): Buffer {
  return Buffer.from(key, "latin1");
}

/** etcd's rule: no end is the key alone, one zero byte is no upper end, anything else is exclusive. */
export function keyRange(
  key: Uint8Array | null | undefined,
  rangeEnd: Uint8Array | null | undefined,
): KeyRange {
  const from = keyOf(key ?? new Uint8Array(0));
  if (rangeEnd === null || rangeEnd === undefined || rangeEnd.length === 0)
    return { from, to: successor(from) };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { from, to: null };
  return { from, to: keyOf(rangeEnd) };
}

export function contains(range: KeyRange, key: Key): boolean {
  return key >= range.from && (range.to === null || key < range.to);
}

/** The smallest key that is larger. */
function successor(key: Key): Key {
  return `${key}\0` as Key;
}
