/** A failed call. `code` is stable and short (`unavailable`, `deadline-exceeded` …); `message` is for people. */
export interface CallError {
  readonly code: string;
  readonly message: string;
}

/**
 * How a call ended. `ok`: it happened. `fail`: it certainly did not and never will.
 * `info`: nobody can say; it may yet happen. In doubt it is `info`.
 */
export type Outcome<Value> =
  | { readonly type: "ok"; readonly value: Value; readonly revision: number }
  | { readonly type: "fail"; readonly error: CallError }
  | { readonly type: "info"; readonly error: CallError };

/**
 * All that a workload knows of the system under test. One client is pinned to one node. Calls never
 * throw and never retry; each ends within the client's own deadline.
 */
export interface Client {
  /** Linearizable read; null: the key is absent. */
  read(key: string): Promise<Outcome<string | null>>;
  write(key: string, value: string): Promise<Outcome<void>>;
  /** Sets `to` if the value is `from`; `ok` with false when it is another value or absent. */
  compareAndSet(key: string, from: string, to: string): Promise<Outcome<boolean>>;
}
