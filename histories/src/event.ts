/** One line of history.jsonl: Jepsen's operation model. README.md is the contract. */
export interface HistoryEvent {
  /** 0, 1, 2 …, no gaps. */
  readonly index: number;
  /** Nanoseconds since the run began, monotonic, stamped in one thread. */
  readonly time: number;
  /** A logical process with at most one operation open, never used again after `info`; or the nemesis. */
  readonly process: number | "nemesis";
  /** Of an invoke where arrivals are open: when it was due, in the terms of `time`, and no later. */
  readonly due?: number;
  readonly type: "invoke" | "ok" | "fail" | "info";
  /** Name of the operation: read, write, cas …; of the fault: partition.isolate … */
  readonly f: string;
  readonly key?: string;
  readonly value?: unknown;
  readonly node?: string;
  readonly revision?: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** cas only: false when it found another value (it happened, and changed nothing). */
  readonly succeeded?: boolean;
  /** Fields that a reader does not know are kept. */
  readonly [extra: string]: unknown;
}
