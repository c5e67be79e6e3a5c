import { crc32 } from "../checksum.js";
import { StateDamaged, type Clock, type StateEngine } from "../ports.js";
import { KvStore } from "./kv-store.js";
import { decodeMeta, type StateMeta } from "./state-meta.js";
import { DEFAULT_COMMIT_BOUNDS, StateWriter, type Surplus } from "./state-writer.js";

const PAGE_BYTES = 1024 * 1024;
/** Records and bytes that one turn of the event loop takes in: a few milliseconds' worth. */
const TURN_RECORDS = 1024;
const TURN_BYTES = 1024 * 1024;

export interface LoadedState {
  readonly store: KvStore;
  /** What the store is as of; null: the engine had no state, the store is empty. */
  readonly meta: StateMeta | null;
  /** Writes the store's later states into the same engine. */
  readonly writer: StateWriter;
}

/**
 * Makes a store of what the engine holds. Other work goes on in between. Rejects with StateDamaged where the records
 * are not those that the meta speaks of, with StateFormatError for a state of a later version, and as the engine does.
 * `bounds`: of the writer's commits.
 */
export async function loadState(
  engine: StateEngine,
  clock: Pick<Clock, "soon">,
  bounds = DEFAULT_COMMIT_BOUNDS,
): Promise<LoadedState> {
  const meta = engine.meta === null ? null : decodeMeta(engine.meta);
  const store = new KvStore();
  const records = meta?.records ?? 0;
  if (records > engine.count) {
    throw new StateDamaged(`the state is of ${records} records, and ${engine.count} are there`);
  }
  await eachRecord(engine, clock, { from: 0, to: records }, (record, at) => {
    const fault = store.restoreRecord(record);
    if (fault !== null) throw new StateDamaged(`record ${at} of the state is wrong: ${fault}`);
  });
  if (meta !== null) {
    store.restoreMembers(meta);
    verify(store, meta);
  }
  const surplus = await surplusOf(engine, clock, store);
  return { store, meta, writer: new StateWriter(engine, clock, surplus, bounds) };
}

function verify(store: KvStore, meta: StateMeta): void {
  const [hash, revision] = [store.hash(), store.revision];
  if (hash === meta.hash && revision === meta.revision) return;
  throw new StateDamaged(
    `the records of the state at entry ${meta.index} come to revision ${revision} and hash ${hash}, ` +
      `and should to ${meta.revision} and ${meta.hash}`,
  );
}

async function surplusOf(
  engine: StateEngine,
  clock: Pick<Clock, "soon">,
  store: KvStore,
): Promise<Surplus | null> {
  const { count } = engine;
  if (count === store.records) return null;
  let hash = store.hash();
  await eachRecord(engine, clock, { from: store.records, to: count }, (record) => {
    hash = crc32(record, hash);
  });
  return { records: count, hash };
}

/** In order, with a turn of the event loop in between now and then. */
export async function eachRecord(
  engine: StateEngine,
  clock: Pick<Clock, "soon">,
  { from, to }: { readonly from: number; readonly to: number },
  take: (record: Uint8Array, at: number) => void,
): Promise<void> {
  let at = from;
  let [records, bytes] = [0, 0];
  while (at < to) {
    const page = await engine.read(at, PAGE_BYTES);
    if (page.length === 0) throw new StateDamaged(`the engine ends at record ${at} of ${to}`);
    for (const record of page.slice(0, to - at)) {
      take(record, at);
      at += 1;
      records += 1;
      bytes += record.length;
      if (records < TURN_RECORDS && bytes < TURN_BYTES) continue;
      [records, bytes] = [0, 0];
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
  }
}
