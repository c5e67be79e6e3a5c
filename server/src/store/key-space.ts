import type { mvccpb } from "@gauntlet/proto";
import sortedBtree from "sorted-btree";
import { keyBytes, type Key, type KeyRange } from "./keys.js";

type BTreeClass = typeof sortedBtree.default;

/** The package is CommonJS: Node imports the whole module, a test runner or bundler its default export. */
const BTree = (sortedBtree as Partial<typeof sortedBtree>).default ?? (sortedBtree as unknown as BTreeClass);

/** One change of a key. */
export interface KeyVersion {
  /** The revision that made it: etcd's mod_revision. */
  readonly revision: number;
  /** null: the key was deleted. */
  readonly live: LiveValue | null;
}

interface LiveValue {
  readonly value: Uint8Array;
  readonly createRevision: number;
  /** 1 at creation, one more at each put. */
  readonly version: number;
}

/** A key that exists at the revision it was looked up at. */
export interface LiveKey extends LiveValue {
  readonly key: Key;
  readonly modRevision: number;
}

type Visitor = (live: LiveKey) => "enough" | undefined;

/** What the tree takes for the end of a walk. */
const STOP = { break: 0 };

/** All versions of one key, oldest first, at least one. */
type History = KeyVersion[];

/** What one version costs beside its key and value, roughly, in bytes. */
const VERSION_OVERHEAD_BYTES = 100;

/** Every version of every key, ordered bytewise. Knows revisions as numbers that grow, nothing of requests. */
export class KeySpace {
  private readonly histories = new BTree<Key, History>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));
  private liveKeys = 0;
  private versions = 0;
  private bytes = 0;

  /** `keys`: that exist now; `versions`: kept in all; `bytes`: approximate memory of those. */
  sizes(): { readonly keys: number; readonly versions: number; readonly bytes: number } {
    return { keys: this.liveKeys, versions: this.versions, bytes: this.bytes };
  }

  /** null: no such key at `revision`. */
  get(key: Key, revision: number): LiveKey | null {
    const history = this.histories.get(key);
    return history === undefined ? null : liveAt(key, history, revision);
  }

  /**
   * Visits, in order of the keys, what existed at `revision`, until the visitor returns "enough". It must
   * not change the key space meanwhile.
   */
  visit({ from, to }: KeyRange, revision: number, visitor: Visitor): void {
    const last = to ?? this.histories.maxKey();
    if (last === undefined) return;
    this.histories.forRange(from, last, to === null, (key, history) => {
      const live = liveAt(key, history, revision);
      return live !== null && visitor(live) === "enough" ? STOP : undefined;
    });
  }

  /** Keeps `value` as it is: the caller hands it over. `revision` is at least that of the last change. */
  put(key: Key, value: Uint8Array, revision: number): void {
    const history = this.histories.get(key);
    const before = history?.at(-1)?.live ?? null;
    const createRevision = before?.createRevision ?? revision;
    const version = (before?.version ?? 0) + 1;
    if (before === null) this.liveKeys += 1;
    this.add(key, history, { revision, live: { value, createRevision, version } });
  }

  /** The key must exist. */
  remove(key: Key, revision: number): void {
    this.liveKeys -= 1;
    this.add(key, this.histories.get(key), { revision, live: null });
  }

  /** Visits every version of every key, in order of the keys, oldest version first. */
  visitVersions(visitor: (key: Key, version: KeyVersion) => void): void {
    this.histories.forEachPair((key, history) => {
      for (const version of history) visitor(key, version);
    });
  }

  private add(key: Key, history: History | undefined, version: KeyVersion): void {
    if (history === undefined) this.histories.set(key, [version]);
    else history.push(version);
    this.versions += 1;
    this.bytes += key.length + (version.live?.value.length ?? 0) + VERSION_OVERHEAD_BYTES;
  }
}

export function toKeyValue(live: LiveKey): mvccpb.IKeyValue {
  return {
    key: keyBytes(live.key),
    create_revision: live.createRevision,
    mod_revision: live.modRevision,
    version: live.version,
    value: live.value,
  };
}

function liveAt(key: Key, history: History, revision: number): LiveKey | null {
  const found = history[countUpTo(history, revision) - 1];
  if (found === undefined || found.live === null) return null;
  const { value, createRevision, version } = found.live;
  return { key, modRevision: found.revision, value, createRevision, version };
}

/** How many versions there were at `revision`: a binary search, but most look-ups want the newest. */
function countUpTo(history: History, revision: number): number {
  let [low, high] = [0, history.length];
  if ((history[high - 1]?.revision ?? 0) <= revision) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((history[middle]?.revision ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
