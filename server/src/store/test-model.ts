import type { etcdserverpb as pb } from "@gauntlet/proto";

/**
 * The key space told a second time, as plainly as can be: a whole copy of the map for every revision.
 * Shares no code with the store. Knows requests without sort, limit or filters only.
 */
interface ModelValue {
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  readonly value: string;
}

type State = ReadonlyMap<string, ModelValue>;

const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString("latin1");

export class Model {
  /** By revision; 0 is never used. */
  readonly states: State[] = [new Map(), new Map()];

  get revision(): number {
    return this.states.length - 1;
  }

  /** The response, or the name of the error. */
  apply(request: pb.IRequestOp): pb.IResponseOp | string {
    const before = this.states[this.revision] ?? new Map();
    const chosen = this.choose(request, before);
    const error = this.error(chosen, before);
    if (error !== null) return error;
    const scratch = { state: new Map(before), changed: false, revision: this.revision };
    const response = this.execute(chosen, scratch, true);
    if (scratch.changed) this.states.push(scratch.state);
    return response;
  }

  private choose(request: pb.IRequestOp, state: State): Chosen {
    const txn = request.request_txn;
    if (!txn) return { request, succeeded: false, ops: [] };
    const succeeded = (txn.compare ?? []).every((compare) => holds(compare, state));
    const ops = (succeeded ? txn.success : txn.failure) ?? [];
    return { request, succeeded, ops: ops.map((one) => this.choose(one, state)) };
  }

  private error(chosen: Chosen, state: State): string | null {
    const leaves = flatten(chosen).map(({ request }) => request);
    for (const { request_put: put } of leaves) {
      if (put && (put.ignore_value || put.ignore_lease) && !state.has(text(put.key))) return "KeyNotFound";
    }
    return leaves.some(({ request_range: range }) => Number(range?.revision ?? 0) > this.revision)
      ? "FutureRev"
      : null;
  }

  private execute(chosen: Chosen, scratch: Scratch, outermost: boolean): pb.IResponseOp {
    const { request_range: range, request_put: put, request_delete_range: del } = chosen.request;
    const now = () => ({ revision: scratch.revision + (scratch.changed ? 1 : 0) });
    if (range) {
      const at = Number(range.revision ?? 0);
      const state = at > 0 ? (this.states[at] ?? new Map()) : scratch.state;
      const kvs = select(state, range.key, range.range_end).map((key) => keyValue(state, key));
      return { response_range: { header: now(), kvs, count: kvs.length } };
    }
    if (put) {
      const [key, old] = [text(put.key), scratch.state.get(text(put.key))];
      const previous = put.prev_kv && old ? { prev_kv: keyValue(scratch.state, key) } : {};
      scratch.changed = true;
      const mod = scratch.revision + 1;
      const value = put.ignore_value ? (old?.value ?? "") : text(put.value);
      scratch.state.set(key, { create: old?.create ?? mod, mod, version: (old?.version ?? 0) + 1, value });
      return { response_put: { header: now(), ...previous } };
    }
    if (del) {
      const keys = select(scratch.state, del.key, del.range_end);
      const gone = keys.map((key) => keyValue(scratch.state, key));
      for (const key of keys) scratch.state.delete(key);
      if (keys.length > 0) scratch.changed = true;
      const previous = del.prev_kv ? { prev_kvs: gone } : {};
      return { response_delete_range: { header: now(), deleted: keys.length, ...previous } };
    }
    const responses = chosen.ops.map((one) => this.execute(one, scratch, false));
    return { response_txn: { header: outermost ? now() : {}, succeeded: chosen.succeeded, responses } };
  }
}

interface Chosen {
  readonly request: pb.IRequestOp;
  readonly succeeded: boolean;
  readonly ops: readonly Chosen[];
}

interface Scratch {
  readonly state: Map<string, ModelValue>;
  readonly revision: number;
  changed: boolean;
}

function flatten(chosen: Chosen): Chosen[] {
  return [chosen, ...chosen.ops.flatMap(flatten)];
}

function select(
  state: State,
  key: Uint8Array | null | undefined,
  rangeEnd: Uint8Array | null | undefined,
): string[] {
  const [from, end] = [Buffer.from(key ?? []), Buffer.from(rangeEnd ?? [])];
  return [...state.keys()]
    .map((name) => Buffer.from(name, "latin1"))
    .filter((name) => {
      if (end.length === 0) return name.equals(from);
      const below = end.equals(Buffer.of(0)) || Buffer.compare(name, end) < 0;
      return below && Buffer.compare(name, from) >= 0;
    })
    .toSorted((a, b) => Buffer.compare(a, b))
    .map((name) => name.toString("latin1"));
}

function keyValue(state: State, key: string) {
  const found = state.get(key);
  if (found === undefined) throw new Error(`the model lost ${key}`);
  return {
    key: Buffer.from(key, "latin1"),
    create_revision: found.create,
    mod_revision: found.mod,
    version: found.version,
    value: Buffer.from(found.value, "latin1"),
  };
}

/** Figures by etcd's enum numbers: VERSION, CREATE, MOD, VALUE, LEASE; EQUAL, GREATER, LESS, NOT_EQUAL. */
function holds(compare: pb.ICompare, state: State): boolean {
  const keys = select(state, compare.key, compare.range_end);
  const one = (found: ModelValue | undefined): boolean => {
    const target: number = compare.target ?? 0;
    if (target === 3 && found === undefined) return false;
    const have =
      [found?.version ?? 0, found?.create ?? 0, found?.mod ?? 0, found?.value ?? "", 0][target] ?? 0;
    const { version, create_revision, mod_revision, value, lease } = compare;
    const wanted =
      [Number(version), Number(create_revision), Number(mod_revision), text(value), Number(lease)][target] ??
      0;
    return [have === wanted, have > wanted, have < wanted, have !== wanted][compare.result ?? 0] ?? true;
  };
  return keys.length === 0 ? one(undefined) : keys.every((key) => one(state.get(key)));
}
