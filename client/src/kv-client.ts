import { EtcdClient, type EtcdClientOptions } from "./etcd-client.js";
import { EtcdError } from "./errors.js";
import type { Compare, TxnAnswer, TxnOperation, TxnRequest } from "./messages.js";

/** How a call ended: happened, certainly did not, or nobody can say. */
export type KvOutcome<Value> =
  | { readonly type: "ok"; readonly value: Value; readonly revision: number }
  | {
      readonly type: "fail" | "info";
      readonly error: { readonly code: string; readonly message: string };
    };

/** What must hold for `then` to run. `modRevision` 0: the key is absent. */
export type KvGuard =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly modRevision: number };

export type KvStep =
  | { readonly type: "get"; readonly key: string }
  | { readonly type: "put"; readonly key: string; readonly value: string };

export interface KvTransaction {
  readonly guards: readonly KvGuard[];
  readonly then: readonly KvStep[];
  readonly else?: readonly KvStep[];
}

export interface KvTransactionAnswer {
  readonly succeeded: boolean;
  /** One for each get of the branch that ran, in its order; null: the key is absent. */
  readonly reads: readonly ({ readonly value: string; readonly modRevision: number } | null)[];
}

/** One node seen as a set of keys with values: the shape that workloads ask for. */
export interface KvClient {
  /** Linearizable; null: the key is absent. */
  read(key: string): Promise<KvOutcome<string | null>>;
  write(key: string, value: string): Promise<KvOutcome<void>>;
  /** Sets `to` if the value is `from`; `ok` with false when it is another value or the key is absent. */
  compareAndSet(key: string, from: string, to: string): Promise<KvOutcome<boolean>>;
  /** One Txn, linearizable. Without a put in either branch it is a read, and a failed one is `fail`. */
  transact(transaction: KvTransaction): Promise<KvOutcome<KvTransactionAnswer>>;
}

/** A client pinned to one node, with a connection of its own. Nothing is sent before the first call. */
export function connect(
  options: { readonly endpoint: string } & Omit<EtcdClientOptions, "endpoints">,
): EtcdClient {
  const { endpoint, ...rest } = options;
  return new EtcdClient({ ...rest, endpoints: [endpoint] });
}

/** Bytes that are not UTF-8 become U+FFFD: a value that nobody wrote must reach the checks, not vanish in an error. */
const decoder = new TextDecoder();

export function kvClient(etcd: EtcdClient): KvClient {
  return {
    read: (key) =>
      outcome(async () => {
        const { header, kvs } = await etcd.range({ key });
        const kv = kvs[0];
        return { value: kv === undefined ? null : decoder.decode(kv.value), revision: header.revision };
      }),
    write: (key, value) =>
      outcome(async () => {
        const { header } = await etcd.put({ key, value });
        return { value: undefined, revision: header.revision };
      }),
    compareAndSet: (key, from, to) =>
      outcome(async () => {
        const { header, succeeded } = await etcd.txn({
          compare: [{ target: "value", result: "equal", key, value: from }],
          success: [{ type: "put", key, value: to }],
          failure: [],
        });
        return { value: succeeded, revision: header.revision };
      }),
    transact: (transaction) =>
      outcome(async () => {
        const { header, succeeded, responses } = await etcd.txn(encodeTransaction(transaction));
        return { value: { succeeded, reads: responses.flatMap(found) }, revision: header.revision };
      }),
  };
}

function encodeTransaction({ guards, then, else: otherwise = [] }: KvTransaction): TxnRequest {
  return {
    compare: guards.map(encodeGuard),
    success: then.map(encodeStep),
    failure: otherwise.map(encodeStep),
  };
}

function encodeGuard(guard: KvGuard): Compare {
  const { key } = guard;
  if ("value" in guard) return { target: "value", result: "equal", key, value: guard.value };
  return { target: "mod", result: "equal", key, value: guard.modRevision };
}

function encodeStep(step: KvStep): TxnOperation {
  return step.type === "get" ? { type: "range", key: step.key } : step;
}

/** What a get found; of a put there is nothing to tell. */
function found(answer: TxnAnswer): KvTransactionAnswer["reads"] {
  if (answer.type !== "range") return [];
  const kv = answer.kvs[0];
  return [kv === undefined ? null : { value: decoder.decode(kv.value), modRevision: kv.modRevision }];
}

async function outcome<Value>(
  call: () => Promise<{ readonly value: Value; readonly revision: number }>,
): Promise<KvOutcome<Value>> {
  try {
    return { type: "ok", ...(await call()) };
  } catch (error) {
    if (error instanceof EtcdError) {
      return { type: error.outcome, error: { code: error.code, message: error.message } };
    }
    // Not the server's doing. What it means for the operation is unknown.
    return { type: "info", error: { code: "client-bug", message: String(error) } };
  }
}
