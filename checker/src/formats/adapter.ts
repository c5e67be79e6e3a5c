import type { Meaning, RecordedEvent } from "./event.js";

/** How the events of one kind of operation become what a model takes. */
export interface OperationAdapter {
  input(invoke: RecordedEvent, ok: RecordedEvent | undefined): unknown;
  /** Undefined: the answer says nothing, so that the operation can be left out. */
  output(ok: RecordedEvent, invoke: RecordedEvent, meaning: Meaning): unknown;
  /** The answer that a `fail` gives, where the format says that it gives one. */
  failed?(meaning: Meaning): unknown;
}

export interface Adapter {
  /** By `f`. */
  readonly operations: Readonly<Record<string, OperationAdapter>>;
  /** For all others; without it they are errors. */
  readonly other?: OperationAdapter | undefined;
}

export function adapterOf({ operations, other }: Adapter, f: string): OperationAdapter | undefined {
  return Object.hasOwn(operations, f) ? operations[f] : other;
}
