import type { Adapter, OperationAdapter } from "./adapter.js";
import { ETCD_KEY_ADAPTER } from "./etcd-adapter.js";
import { FormatError } from "./format-error.js";
import { casPair, updateValue } from "./update-value.js";

/** Changes the object to or by its value; the answer is that it happened. */
const update: OperationAdapter = {
  input: (invoke, ok) => ({ f: invoke.f, key: invoke.key, value: updateValue(invoke, ok) }),
  output: () => ({}),
};

/** Without a value: acquire, release. */
const step: OperationAdapter = {
  input: (invoke) => ({ f: invoke.f, key: invoke.key }),
  output: () => ({}),
};

/** Answers with a value and changes nothing, so that one whose answer was not recorded can be left out. */
const read: OperationAdapter = {
  input: (invoke) => ({ f: invoke.f, key: invoke.key }),
  output: (ok, _, { nilIsAbsent }) => (ok.value === null && !nilIsAbsent ? undefined : { value: ok.value }),
};

/** Of a string that is empty where nothing was put. */
const get: OperationAdapter = {
  ...read,
  output: (ok, _, { nilIsAbsent }) => {
    if (ok.value !== null) return { value: ok.value };
    return nilIsAbsent ? { value: "" } : undefined;
  },
};

/** Answers with a value and removes it: it cannot be left out. */
const take: OperationAdapter = {
  input: (invoke) => ({ f: invoke.f, key: invoke.key }),
  output: (ok, _, { nilIsAbsent }) => {
    if (ok.value !== null || nilIsAbsent) return { value: ok.value };
    throw new FormatError(
      ok.line,
      `a ${ok.f} that does not say what it returned`,
      "record it, or say that nil means that there was nothing (--nil absent)",
    );
  },
};

/** The answer is whether the element was there: true or false, or [element, true or false]. */
const contains: OperationAdapter = {
  input: (invoke) => ({ f: invoke.f, key: invoke.key, value: invoke.value }),
  output: ({ value }) => ({ value: Array.isArray(value) ? (value[1] as unknown) : value }),
};

const cas: OperationAdapter = {
  input: (invoke, ok) => {
    const [from, to] = casPair(invoke, ok);
    return { f: "cas", key: invoke.key, from, to };
  },
  output: ({ fields }) => ({ succeeded: fields["succeeded"] ?? true }),
  failed: ({ failedCasHappened }) => (failedCasHappened ? { succeeded: false } : undefined),
};

const MICRO: ReadonlyMap<unknown, string> = new Map([
  ["read", "r"],
  ["write", "w"],
]);

/** Reads and writes of several registers, ["r", k, v] and ["w", k, v]; a nil that was read is "absent". */
const transaction: OperationAdapter = {
  input: (invoke) => ({ f: invoke.f, value: microOperations(invoke.value) }),
  output: (ok) => ({ value: microOperations(ok.value) }),
};

function microOperations(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((micro: unknown) => {
    if (!Array.isArray(micro)) return micro;
    const [f, ...rest] = micro as readonly unknown[];
    return [MICRO.get(f) ?? f, ...rest];
  });
}

const plain: OperationAdapter = {
  input: (invoke) => ({ f: invoke.f, key: invoke.key, value: invoke.value }),
  output: (ok) => ({ value: ok.value }),
};

/** Inputs are `{ f, key, value }` and outputs `{ value }`, as recorded: for a model of the user's own. */
export const PLAIN_ADAPTER: Adapter = { operations: {}, other: plain };

/** By the name of the model. */
export const ADAPTERS: ReadonlyMap<string, Adapter> = new Map<string, Adapter>([
  ["register", { operations: { read, write: update } }],
  ["cas-register", { operations: { read, write: update, cas } }],
  ["kv", { operations: { get, put: update, append: update } }],
  ["etcd-key", ETCD_KEY_ADAPTER],
  ["multi-register", { operations: { txn: transaction } }],
  ["mutex", { operations: { acquire: step, release: step } }],
  ["set", { operations: { add: update, remove: update, contains, read } }],
  ["counter", { operations: { add: update, read } }],
  ["fifo-queue", { operations: { enqueue: update, dequeue: take } }],
  ["unordered-queue", { operations: { enqueue: update, dequeue: take } }],
  ["stack", { operations: { push: update, pop: take } }],
]);
