import { EtcdClient } from "./etcd-client.js";
import { EtcdError } from "./errors.js";

/** How a call ended: happened, certainly did not, or nobody can say. */
export type RegisterOutcome<Value> =
  | { readonly type: "ok"; readonly value: Value; readonly revision: number }
  | {
      readonly type: "fail" | "info";
      readonly error: { readonly code: string; readonly message: string };
    };

/** One node seen as a set of registers: the shape that workloads ask for. */
export interface RegisterClient {
  /** Linearizable; null: the key is absent. */
  read(key: string): Promise<RegisterOutcome<string | null>>;
  write(key: string, value: string): Promise<RegisterOutcome<void>>;
  /** Sets `to` if the value is `from`; `ok` with false when it is another value or the key is absent. */
  compareAndSet(key: string, from: string, to: string): Promise<RegisterOutcome<boolean>>;
}

/** A client pinned to one node, with a connection of its own. Nothing is sent before the first call. */
export function connect(options: { readonly endpoint: string; readonly deadlineMs: number }): EtcdClient {
  return new EtcdClient({ endpoints: [options.endpoint], deadlineMs: options.deadlineMs });
}

/** Bytes that are not UTF-8 become U+FFFD: a value that nobody wrote must reach the checks, not vanish in an error. */
const decoder = new TextDecoder();

export function registerClient(etcd: EtcdClient): RegisterClient {
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
  };
}

async function outcome<Value>(
  call: () => Promise<{ readonly value: Value; readonly revision: number }>,
): Promise<RegisterOutcome<Value>> {
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
