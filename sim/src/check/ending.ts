import { type HistoryEvent, pairEvents } from "@gauntlet/histories";
import { configurationOf, KvStore, type StateMeta } from "@gauntlet/server/inside";
import type { Slot } from "./entry-tree.js";

/** What one live server holds at the end. */
export interface ReplicaState {
  readonly node: string;
  readonly appliedIndex: number;
  readonly store: KvStore;
}

/** What some state of the run was like: one that was written to a disk, or one that a server began with. */
export interface StateSeen {
  readonly node: string;
  /** `checkpoint`, `restored state`. */
  readonly what: string;
  /** As of the entry `index`, by `stateText`. */
  readonly index: number;
  readonly text: string;
}

/** All that a state is made of, its records by their hash. */
export function stateText({ revision, records, hash, members, removed }: StateMeta): string {
  return JSON.stringify({ revision, records, hash, members, removed });
}

/** What the clients were told. */
export interface Answered {
  /** By name. */
  readonly workload: string;
  readonly history: readonly HistoryEvent[];
}

const NO_CONFIGURATION = configurationOf([]);

/** What the end of a run showed to be wrong: one sentence. */
export interface Finding {
  readonly kind: "divergence" | "check";
  readonly name: string;
  readonly what: string;
}

/**
 * Applies the committed log to a store of its own, and compares: each replica with what this store held at that
 * replica's applied index, and each answer of the history with what the log has at the revision that it names.
 */
export function checkEnding(
  committed: readonly Slot[],
  replicas: readonly ReplicaState[],
  answered: Answered,
  states: readonly StateSeen[] = [],
): Finding | null {
  const model = new KvStore();
  const seen = states.toSorted((a, b) => a.index - b.index);
  let nextSeen = 0;
  const waiting = replicas.toSorted((a, b) => a.appliedIndex - b.appliedIndex);
  const compare = (index: number): Finding | null => {
    for (let next = seen[nextSeen]; next?.index === index; next = seen[++nextSeen]) {
      const text = stateText(model.meta({ index, term: 0, configuration: NO_CONFIGURATION }));
      if (next.text === text) continue;
      const what = `the ${next.what} of ${next.node} at entry ${index} is ${next.text}, the log gives ${text}`;
      return { kind: "divergence", name: "states", what };
    }
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
    else if (entry.kind === "configuration") model.applyConfiguration(entry.configuration, entry.data);
    found = compare(index);
  }
  if (found !== null) return found;
  const [ahead] = waiting;
  if (ahead !== undefined) {
    const what = `${ahead.node} applied entry ${ahead.appliedIndex}, but committed is up to ${committed.length}`;
    return { kind: "divergence", name: "replicas", what };
  }
  return checkAnswers(model, answered);
}

/** Revision, the present version of every key with its counters, all earlier ones by their hashes, the members. Null: equal. */
function differenceOf(model: KvStore, store: KvStore): string | null {
  if (model.revision !== store.revision) return `revision ${store.revision} instead of ${model.revision}`;
  const [ours, theirs] = [contentsOf(model), contentsOf(store)];
  for (const [at, text] of ours.entries()) {
    if (theirs[at] !== text) return `${theirs[at] ?? "nothing"} instead of ${text}`;
  }
  if (theirs.length > ours.length) return `${theirs[ours.length]}, which nobody wrote`;
  for (const revision of someRevisions(model.revision)) {
    const [our, their] = [model.hashAt(revision), store.hashAt(revision)];
    if (our !== their) return `hash ${their} at revision ${revision} instead of ${our}`;
  }
  const [members, found] = [JSON.stringify(model.members), JSON.stringify(store.members)];
  return members === found ? null : `the members ${found} instead of ${members}`;
}

/** Hashes are rolling: one that is equal stands for all before it, so few are enough to look at. */
function someRevisions(last: number): readonly number[] {
  return [1, Math.ceil(last / 2), Math.max(1, last - 1), last];
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

/**
 * What was answered with a revision is what the committed log has there: a write made that revision, a read and a
 * compare-and-set that changed nothing found it. No order has to be searched for this, so it holds for values that
 * are written more than once, too.
 */
function checkAnswers(model: KvStore, { workload, history }: Answered): Finding | null {
  if (workload !== "register") return checkRevisions(model, history);
  for (const { completion } of pairEvents(history)) {
    if (completion?.type !== "ok" || completion.revision === undefined || completion.key === undefined)
      continue;
    const { f, key, revision, process, node } = completion;
    const there = versionAt(model, key, revision);
    const isKnown = revision >= 1 && revision <= model.revision;
    const before = (): Version | null => versionAt(model, key, revision - 1);
    const problem = isKnown ? problemOf(completion, there, before) : "something";
    if (problem === null) continue;
    const what =
      `${f} of ${key} (event ${completion.index}, process ${process} at ${node}) was answered with ${problem} at revision ` +
      `${revision}, but the committed log has ${there === null ? "nothing" : `${there.value} of revision ${there.revision}`} there`;
    const name = changes(completion) ? "acknowledged-writes" : "answered-reads";
    return { kind: "check", name, what };
  }
  return null;
}

/** What is known of any workload: nobody can have been told of a revision that the log does not lead to. */
function checkRevisions(model: KvStore, history: readonly HistoryEvent[]): Finding | null {
  const wrong = history.find(
    ({ revision, type }) =>
      type === "ok" && revision !== undefined && (revision < 1 || revision > model.revision),
  );
  if (wrong === undefined) return null;
  const what =
    `${wrong.f} (event ${wrong.index}, process ${wrong.process} at ${wrong.node}) was answered with revision ` +
    `${wrong.revision}, but the committed log ends at ${model.revision}`;
  return { kind: "check", name: "answered-reads", what };
}

interface Version {
  readonly value: string;
  /** At which it was written. */
  readonly revision: number;
}

/** Null: it agrees with the log. */
function problemOf(event: HistoryEvent, there: Version | null, before: () => Version | null): string | null {
  const { f, value, revision } = event;
  const isMade = there !== null && there.revision === revision;
  if (f === "write") return isMade && there.value === value ? null : `the value ${String(value)}`;
  if (f === "read") return (there?.value ?? null) === value ? null : `the value ${String(value)}`;
  if (f !== "cas") return null;
  const [from, to] = value as readonly [unknown, unknown];
  const text = `${String(from)} replaced by ${String(to)}`;
  if (changes(event)) return isMade && there.value === to && before()?.value === from ? null : text;
  return there?.value === from ? `not ${text}` : null;
}

function changes({ f, succeeded }: HistoryEvent): boolean {
  return f === "write" || (f === "cas" && succeeded !== false);
}

/** What the key held when the store had this revision; null: nothing, or the store never had it. */
function versionAt(model: KvStore, key: string, revision: number): Version | null {
  // To the store, revision 0 means the present one.
  if (revision < 1) return null;
  const result = model.range({ key: Buffer.from(key), revision });
  const kv = result.type === "ok" ? result.response.kvs?.[0] : undefined;
  return kv === undefined ? null : { value: textOf(kv.value), revision: Number(kv.mod_revision) };
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") : "";
}
