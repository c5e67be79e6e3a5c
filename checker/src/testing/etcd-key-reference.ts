import type { Model } from "../model.js";
import type {
  EtcdKeyAction,
  EtcdKeyAnswer,
  EtcdKeyCompare,
  EtcdKeyInput,
  EtcdKeyOutput,
} from "../models/etcd-key.js";
import type { Value } from "../models/value.js";

/** A key of etcd with nothing left open. */
export interface ConcreteKey {
  /** Null: absent; then the three numbers are 0. */
  readonly value: Value | null;
  readonly version: number;
  readonly createRevision: number;
  readonly modRevision: number;
  /** The revision of the last change, a deletion too; 1: none yet. */
  readonly last: number;
}

const ABSENT = { value: null, version: 0, createRevision: 0, modRevision: 0 };
export const FRESH_KEY: ConcreteKey = { ...ABSENT, last: 1 };

/** What a request does to the key if it makes, or meets, this revision of the store; and all that etcd could answer. */
export function serve(
  key: ConcreteKey,
  input: EtcdKeyInput,
  revision: number,
): { readonly after: ConcreteKey; readonly output: EtcdKeyOutput } {
  if (input.f !== "txn") {
    const { after, answer } = act(key, input, revision);
    return { after, output: { ...answer, revision } };
  }
  const succeeded = input.compare.every((compare) => holds(key, compare));
  let after = key;
  const responses = (succeeded ? input.then : input.else).map((action) => {
    const done = act(after, action, revision);
    after = done.after;
    return done.answer;
  });
  return { after, output: { revision, succeeded, responses } };
}

function act(
  key: ConcreteKey,
  action: EtcdKeyAction,
  revision: number,
): { readonly after: ConcreteKey; readonly answer: EtcdKeyAnswer } {
  const { last: _, ...shown } = key;
  const prevKv = key.version === 0 ? null : shown;
  if (action.f === "get") return { after: key, answer: shown };
  if (action.f === "delete") {
    const after = key.version === 0 ? key : { ...FRESH_KEY, last: revision };
    return { after, answer: { prevKv, deleted: Math.min(key.version, 1) } };
  }
  const after = {
    value: action.value,
    version: key.version + 1,
    createRevision: key.version === 0 ? revision : key.createRevision,
    modRevision: revision,
    last: revision,
  };
  return { after, answer: { prevKv } };
}

/** For values below 128, where the order of bytes is that of UTF-16 units. */
function holds(key: ConcreteKey, { target, result, value }: EtcdKeyCompare): boolean {
  const held = { value: key.value, version: key.version, create: key.createRevision, mod: key.modRevision }[
    target
  ];
  if (held === null) return false;
  if (result === "=" || result === "!=") return (held === value) === (result === "=");
  return typeof held === typeof value && (result === "<" ? held < value : held > value);
}

/**
 * The same object as `etcdKey()`, without a thought for speed: a change takes every revision that it could, up to `most`,
 * each a state of its own.
 */
export function etcdKeyReference(most: number): Model<ConcreteKey, EtcdKeyInput, EtcdKeyOutput> {
  return {
    name: "etcd-key, reference",
    init: () => FRESH_KEY,
    step: (state, input, output) => {
      const reached: ConcreteKey[] = [];
      for (let revision = state.last; revision <= most; revision++) {
        const { after, output: full } = serve(state, input, revision);
        // A change makes a revision of its own; what changes nothing may meet any since the last.
        if (after !== state && revision === state.last) continue;
        if (output === undefined || matches(output, full)) reached.push(after);
      }
      return [...new Map(reached.map((after) => [JSON.stringify(after), after])).values()];
    },
    stateKey: (state) => JSON.stringify(state),
    key: (input) => input.key ?? "",
    describeOperation: (input, output) => JSON.stringify([input, output ?? "never returned"]),
    describeState: (state) => JSON.stringify(state),
  };
}

/** Whether all that was recorded is what etcd would have answered. */
function matches(recorded: unknown, full: unknown): boolean {
  if (recorded === undefined) return true;
  // A key that is not there: etcd shows none, a recorder may have kept only some of its zeros.
  if (full === null && typeof recorded === "object" && recorded !== null) return matches(recorded, ABSENT);
  if (typeof recorded !== "object" || recorded === null) return recorded === full;
  if (typeof full !== "object" || full === null) return false;
  if (Array.isArray(recorded) && (!Array.isArray(full) || full.length !== recorded.length)) return false;
  return Object.entries(recorded).every(([field, value]) =>
    matches(value, (full as Readonly<Record<string, unknown>>)[field]),
  );
}
