import type { Value } from "./value.js";

/** Revisions that a change may have had, both ends included; one of which nobody told may be any from `low` up. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/**
 * A key of etcd: what is known of it. The version is always known, for whether an operation took effect is part of the
 * order; a revision is not while the answer of what made it is unknown, since other keys share the counter.
 */
export interface EtcdKeyState {
  /** Null: the key is absent. */
  readonly value: Value | null;
  /** Puts since it was created; 0: absent. */
  readonly version: number;
  /** The revision in which it was created; of an absent key that of `changed`. */
  readonly created: Span;
  /** The revision of the last change, which was a put if the key is there (its mod revision), else its deletion. */
  readonly changed: Span;
}

/** The first change of a store makes revision 2. */
export const FRESH: EtcdKeyState = absent(1);

/** Of a deletion only that later revisions are greater matters, so its highest possible one is not kept. */
function absent(low: number): EtcdKeyState {
  const span = { low, high: Infinity };
  return { value: null, version: 0, created: span, changed: span };
}

/** The key with its revisions within these spans too; undefined if they cannot be. */
export function narrowed(
  state: EtcdKeyState,
  by: { readonly created?: Span; readonly changed?: Span },
): EtcdKeyState | undefined {
  const { value, version, created, changed } = state;
  const c = {
    low: Math.max(created.low, by.created?.low ?? 0),
    high: Math.min(created.high, by.created?.high ?? Infinity),
  };
  const m = {
    low: Math.max(changed.low, by.changed?.low ?? 0),
    high: Math.min(changed.high, by.changed?.high ?? Infinity),
  };
  if (version === 0) {
    if (m.low > m.high) return undefined;
    return m.low === changed.low ? state : absent(m.low);
  }
  // Each put after the first took a revision of its own, so the last is at least so far from the first.
  const puts = version - 1;
  const low = Math.max(m.low, c.low + puts);
  const high = puts === 0 ? Math.min(m.high, c.high) : m.high;
  const createdHigh = Math.min(c.high, high - puts);
  const createdLow = puts === 0 ? low : c.low;
  if (low > high || createdLow > createdHigh) return undefined;
  const isSame =
    low === changed.low &&
    high === changed.high &&
    createdLow === created.low &&
    createdHigh === created.high;
  return isSame
    ? state
    : { value, version, created: { low: createdLow, high: createdHigh }, changed: { low, high } };
}

/** `revision`: of this change, where it is known. */
export function afterPut(
  state: EtcdKeyState,
  value: Value,
  revision: number | undefined,
): EtcdKeyState | undefined {
  const before = beforeChange(state, revision);
  if (before === undefined) return undefined;
  const changed = spanOf(before, revision);
  const created = before.version === 0 ? changed : before.created;
  return narrowed({ value, version: before.version + 1, created, changed }, {});
}

/** Of a key that is there. */
export function afterDelete(state: EtcdKeyState, revision: number | undefined): EtcdKeyState | undefined {
  const before = beforeChange(state, revision);
  return before === undefined ? undefined : absent(spanOf(before, revision).low);
}

/** Whatever changed the key last had a lower revision than what changes it now. */
function beforeChange(state: EtcdKeyState, revision: number | undefined): EtcdKeyState | undefined {
  return revision === undefined ? state : narrowed(state, { changed: { low: 0, high: revision - 1 } });
}

function spanOf({ changed }: EtcdKeyState, revision: number | undefined): Span {
  return revision === undefined ? { low: changed.low + 1, high: Infinity } : exactly(revision);
}

export function exactly(revision: number): Span {
  return { low: revision, high: revision };
}
