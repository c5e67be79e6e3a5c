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

/** What must hold for the first branch of a transaction to run. `modRevision` 0: the key is absent. */
export type Guard =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly modRevision: number };

export type Step =
  | { readonly type: "get"; readonly key: string }
  | { readonly type: "put"; readonly key: string; readonly value: string };

/**
 * Takes effect at one moment, or not at all: all guards hold and `then` runs, or `else` does. A get sees the puts before
 * it in its branch; no branch puts a key twice.
 */
export interface Transaction {
  readonly guards: readonly Guard[];
  readonly then: readonly Step[];
  /** Nothing, if absent. */
  readonly else?: readonly Step[];
}

export interface Found {
  readonly value: string;
  readonly modRevision: number;
}

export interface TransactionAnswer {
  /** Whether all guards held. */
  readonly succeeded: boolean;
  /** One for each get of the branch that ran, in its order; null: the key is absent. */
  readonly reads: readonly (Found | null)[];
}

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
  /**
   * Linearizable, whether it writes or not: one of gets alone reads one state. A failed one without a put in either branch
   * is `fail`, as a read has no effect.
   */
  transact(transaction: Transaction): Promise<Outcome<TransactionAnswer>>;
}
