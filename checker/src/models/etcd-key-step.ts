import type {
  EtcdKeyAction,
  EtcdKeyAnswer,
  EtcdKeyCompare,
  EtcdKeyInput,
  EtcdKeyOutput,
  EtcdKeyValue,
} from "./etcd-key-operation.js";
import { at } from "../operation.js";
import { afterDelete, afterPut, type EtcdKeyState, exactly, narrowed, type Span } from "./etcd-key-state.js";

/** The states after an operation, given what its answer says. */
export function stepEtcdKey(
  state: EtcdKeyState,
  input: EtcdKeyInput,
  output: EtcdKeyOutput | undefined,
): readonly EtcdKeyState[] {
  if (output === undefined && !canChange(input)) return [state];
  const revision = output?.revision;
  if (input.f !== "txn") {
    const after = one(state, input, output ?? {}, revision);
    const seen = after === undefined || changes(input, state) ? after : notAfter(after, revision);
    return seen === undefined ? [] : [seen];
  }
  const { compare, then: success, else: failure } = input;
  const answers = output?.responses;
  const after: EtcdKeyState[] = [];
  if (output?.succeeded !== false) after.push(...act(where(state, compare), success, answers, revision));
  if (output?.succeeded !== true) after.push(...act(whereNot(state, compare), failure, answers, revision));
  return after;
}

/** Whether there is a state and an answer with which this changes the key. */
export function canChange(input: EtcdKeyInput): boolean {
  if (input.f !== "txn") return input.f !== "get";
  return [...input.then, ...input.else].some(({ f }) => f !== "get");
}

function act(
  states: readonly EtcdKeyState[],
  actions: readonly EtcdKeyAction[],
  answers: readonly EtcdKeyAnswer[] | undefined,
  revision: number | undefined,
): readonly EtcdKeyState[] {
  if (answers !== undefined && answers.length !== actions.length) return [];
  return states.flatMap((before) => {
    let state: EtcdKeyState | undefined = before;
    let changed = false;
    for (const [i, action] of actions.entries()) {
      changed ||= changes(action, state);
      state = one(state, action, answers?.[i] ?? {}, revision);
      if (state === undefined) return [];
    }
    const seen = changed ? state : notAfter(state, revision);
    return seen === undefined ? [] : [seen];
  });
}

function changes({ f }: EtcdKeyAction, { version }: EtcdKeyState): boolean {
  return f === "put" || (f === "delete" && version > 0);
}

/** With nothing changed the header tells the store's revision, which the key's last change cannot exceed. */
function notAfter(state: EtcdKeyState, revision: number | undefined): EtcdKeyState | undefined {
  if (revision === undefined || state.changed.high <= revision) return state;
  return narrowed(state, { changed: { low: 0, high: revision } });
}

/**
 * A transaction changes the key once at most (`etcdKeyProblem`), so that what is changed is always the state
 * before it.
 */
function one(
  before: EtcdKeyState,
  action: EtcdKeyAction,
  answer: EtcdKeyAnswer,
  revision: number | undefined,
): EtcdKeyState | undefined {
  if (action.f === "get") return shown(before, answer);
  const state = answer.prevKv === undefined ? before : shown(before, answer.prevKv ?? ABSENT);
  if (state === undefined) return undefined;
  if (action.f === "put") return afterPut(state, action.value, revision);
  if (answer.deleted !== undefined && answer.deleted !== Math.min(state.version, 1)) return undefined;
  return state.version === 0 ? state : afterDelete(state, revision);
}

const ABSENT: EtcdKeyValue = { value: null };

/** The key as it was shown: a missing one has neither value nor version nor revisions. */
function shown(state: EtcdKeyState, kv: EtcdKeyValue): EtcdKeyState | undefined {
  const { value, version, createRevision, modRevision } = kv;
  if (value !== undefined && value !== state.value) return undefined;
  if (version !== undefined && version !== state.version) return undefined;
  if (state.version === 0) return (createRevision ?? 0) === 0 && (modRevision ?? 0) === 0 ? state : undefined;
  if (isKnown(state.created, createRevision) && isKnown(state.changed, modRevision)) return state;
  return narrowed(state, {
    ...(createRevision === undefined ? {} : { created: exactly(createRevision) }),
    ...(modRevision === undefined ? {} : { changed: exactly(modRevision) }),
  });
}

/** Whether a revision, if one was shown, tells nothing new. */
function isKnown({ low, high }: Span, revision: number | undefined): boolean {
  return revision === undefined || (low === revision && high === revision);
}

/** The state as far as all compares hold in it. */
function where(state: EtcdKeyState, compares: readonly EtcdKeyCompare[]): readonly EtcdKeyState[] {
  return compares.reduce<readonly EtcdKeyState[]>(
    (states, compare) => states.flatMap((one) => split(one, compare, true)),
    [state],
  );
}

/** As far as one does not: the first that fails is the first, the second, and so on. */
function whereNot(state: EtcdKeyState, compares: readonly EtcdKeyCompare[]): readonly EtcdKeyState[] {
  return compares.flatMap((compare, i) =>
    where(state, compares.slice(0, i)).flatMap((one) => split(one, compare, false)),
  );
}

/**
 * The state as far as the compare has this outcome. Where a revision is not known, what is left may be in two
 * pieces.
 */
function split(state: EtcdKeyState, compare: EtcdKeyCompare, outcome: boolean): readonly EtcdKeyState[] {
  const { target, result } = compare;
  if (target === "value") {
    const holds = state.value !== null && compares(order(state.value, compare.value), result);
    return holds === outcome ? [state] : [];
  }
  if (target === "version" || state.version === 0)
    return compares(state.version - compare.value, result) === outcome ? [state] : [];
  return spansOf(compare.value, result, outcome).flatMap((span) => {
    const part = narrowed(state, target === "mod" ? { changed: span } : { created: span });
    return part === undefined ? [] : [part];
  });
}

/** The numbers that compare so with `to`, or do not. */
function spansOf(to: number, result: EtcdKeyCompare["result"], outcome: boolean): readonly Span[] {
  const below = { low: 0, high: to - 1 };
  const above = { low: to + 1, high: Infinity };
  if (result === "=" || result === "!=") return (result === "=") === outcome ? [exactly(to)] : [below, above];
  if (result === "<") return [outcome ? below : { low: to, high: Infinity }];
  return [outcome ? above : { low: 0, high: to }];
}

function compares(difference: number, result: EtcdKeyCompare["result"]): boolean {
  if (result === "=") return difference === 0;
  if (result === "!=") return difference !== 0;
  return result === "<" ? difference < 0 : difference > 0;
}

/**
 * Strings as etcd orders their bytes, which is the order of code points; a number and a string are just not the
 * same.
 */
function order(a: string | number, b: string | number): number {
  if (a === b) return 0;
  if (typeof a !== "string" || typeof b !== "string") return NaN;
  const left = codePoints(a);
  const right = codePoints(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = at(left, i) - at(right, i);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}
