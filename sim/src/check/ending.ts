import { type HistoryEvent, pairEvents } from "@gauntlet/histories";
import { KvStore } from "@gauntlet/server/inside";
import type { Slot } from "./entry-tree.js";

/** What one live server holds at the end. */
export interface ReplicaState {
  readonly node: string;
  readonly appliedIndex: number;
  readonly store: KvStore;
}

/** What the end of a run showed to be wrong: one sentence. */
export interface Finding {
  readonly kind: "divergence" | "check";
  readonly name: string;
  readonly what: string;
}

/**
 * Applies the committed log to a store of its own, and compares: each replica with what this store held at that
 * replica's applied index, and each acknowledged write with what the log has at the revision that was answered.
 */
export function checkEnding(
  committed: readonly Slot[],
  replicas: readonly ReplicaState[],
  history: readonly HistoryEvent[],
): Finding | null {
  const model = new KvStore();
  const waiting = replicas.toSorted((a, b) => a.appliedIndex - b.appliedIndex);
  const compare = (index: number): Finding | null => {
    for (let next = waiting[0]; next?.appliedIndex === index; next = waiting[0]) {
      waiting.shift();
      const difference = differenceOf(model, next.store);
      if (difference === null) continue;
      const what = `${next.node} applied the log up to ${index} and has ${difference}`;
      return { kind: "divergence", name: "replicas", what };
    }
    return null;
  };
  let found = compare(0);
  for (const { index, entry } of committed) {
    if (found !== null) return found;
    if (entry.kind === "normal") model.applyCommand(entry.data);
    found = compare(index);
  }
  if (found !== null) return found;
  const [ahead] = waiting;
  if (ahead !== undefined) {
    const what = `${ahead.node} applied entry ${ahead.appliedIndex}, but committed is up to ${committed.length}`;
    return { kind: "divergence", name: "replicas", what };
  }
  return checkAcknowledged(model, history);
}

/** Revision and the present version of every key, with its counters. Null: equal. */
function differenceOf(model: KvStore, store: KvStore): string | null {
  if (model.revision !== store.revision) return `revision ${store.revision} instead of ${model.revision}`;
  const [ours, theirs] = [contentsOf(model), contentsOf(store)];
  for (const [at, text] of ours.entries()) {
    if (theirs[at] !== text) return `${theirs[at] ?? "nothing"} instead of ${text}`;
  }
  return theirs.length > ours.length ? `${theirs[ours.length]}, which nobody wrote` : null;
}

const ALL = { key: Buffer.of(0), range_end: Buffer.of(0) };

function contentsOf(store: KvStore): readonly string[] {
  const result = store.range(ALL);
  if (result.type === "error") throw new Error(`the store refuses a range of everything: ${result.error}`);
  return (result.response.kvs ?? []).map(
    ({ key, value, create_revision, mod_revision, version }) =>
      `${textOf(key)} = ${textOf(value)} (revisions ${String(create_revision)} to ${String(mod_revision)}, version ${String(version)})`,
  );
}

/** A write that was answered with a revision is what the committed log has at that revision. */
function checkAcknowledged(model: KvStore, history: readonly HistoryEvent[]): Finding | null {
  for (const { completion } of pairEvents(history)) {
    if (completion?.type !== "ok" || completion.revision === undefined || completion.key === undefined)
      continue;
    const { f, key, revision, value, process, node } = completion;
    if (f !== "write" && (f !== "cas" || completion.succeeded === false)) continue;
    const written = f === "write" ? value : (value as readonly unknown[])[1];
    const result = revision > model.revision ? null : model.range({ key: Buffer.from(key), revision });
    const kv = result?.type === "ok" ? result.response.kvs?.[0] : undefined;
    if (kv !== undefined && Number(kv.mod_revision) === revision && textOf(kv.value) === written) continue;
    const what =
      `${f} of ${key} (event ${completion.index}, process ${process} at ${node}) was answered with revision ` +
      `${revision}, but the committed log has ${kv === undefined ? "nothing" : `${textOf(kv.value)} of revision ${String(kv.mod_revision)}`} there`;
    return { kind: "check", name: "acknowledged-writes", what };
  }
  return null;
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") : "";
}
