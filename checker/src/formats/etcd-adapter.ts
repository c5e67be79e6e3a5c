import type { Adapter, OperationAdapter } from "./adapter.js";
import type { RecordedEvent } from "./event.js";
import { type Fields } from "./fields.js";
import { FormatError } from "./format-error.js";
import { casPair, updateValue } from "./update-value.js";

/** The fields of an answer that were recorded, by their names in the model's output. */
function recorded({ fields }: RecordedEvent, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  );
}

/** A null that was read says that the key is absent, unless the format says that it says nothing. */
const get: OperationAdapter = {
  input: ({ key }) => ({ f: "get", key }),
  output: (ok, _, { nilIsAbsent }) => ({
    ...(ok.value === null && !nilIsAbsent ? {} : { value: ok.value }),
    ...recorded(ok, ["version", "createRevision", "modRevision", "revision"]),
  }),
};

const put: OperationAdapter = {
  input: (invoke, ok) => ({ f: "put", key: invoke.key, value: updateValue(invoke, ok) }),
  output: (ok) => recorded(ok, ["revision", "prevKv"]),
};

/** `delete` is the operation's name in the model. */
const remove: OperationAdapter = {
  input: ({ key }) => ({ f: "delete", key }),
  output: (ok) => recorded(ok, ["revision", "deleted", "prevKv"]),
};

/** A compare of the value, and a put: what a compare-and-set is in etcd. */
const cas: OperationAdapter = {
  input: (invoke, ok) => {
    const [from, to] = casPair(invoke, ok);
    const compare = [{ target: "value", result: "=", value: from }];
    // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
    return { f: "txn", key: invoke.key, compare, then: [{ f: "put", value: to }], else: [] };
  },
  output: (ok) => ({ succeeded: true, ...recorded(ok, ["succeeded", "revision"]) }),
  failed: ({ failedCasHappened }) => (failedCasHappened ? { succeeded: false } : undefined),
};

/** The value of its invoke is what is asked: compare, then, else. */
const transaction: OperationAdapter = {
  input: (invoke) => {
    const { value, line, key } = invoke;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new FormatError(
        line,
        "a txn of nothing",
        'its value is {"compare": […], "then": […], "else": […]}',
      );
    // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
    return { compare: [], then: [], else: [], ...value, f: "txn", key };
  },
  output: (ok) => recorded(ok, ["revision", "succeeded", "responses"]),
};

/** Also of a register's history: with the revisions that the rig records it is checked in linear time. */
export const ETCD_KEY_ADAPTER: Adapter = {
  operations: { get, put, delete: remove, txn: transaction, read: get, write: put, cas },
};
