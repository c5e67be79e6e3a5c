import type { HistoryEvent } from "../checks/check.js";

/** An event as it was read, with its place in the file and all its fields. */
export interface RecordedEvent extends HistoryEvent {
  /** Counted from 1. */
  readonly line: number;
  /** The part of the object that is touched, if it is told apart from the value. */
  readonly key?: string | undefined;
  /** Everything that was recorded, by name: `succeeded`, `revision`, `error`, `node` … */
  readonly fields: Readonly<Record<string, unknown>>;
}

export const HISTORY_FORMATS = ["jsonl", "json", "edn", "log"] as const;

/**
 * - `jsonl`: one JSON object a line, as the rig records;
 * - `json`: one array of such objects;
 * - `edn`: Jepsen's maps, in a vector or a list or one after the other (also Porcupine's kv histories);
 * - `log`: Jepsen's console log of a cas-register (Porcupine's test data).
 */
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

export interface Recording {
  readonly format: HistoryFormat;
  /** Valid: every completion has its invoke, no process has two operations open. In order of time. */
  readonly events: readonly RecordedEvent[];
  /** What a reader of the verdict should know: a last line that was cut, processes that were not recorded. */
  readonly notes: readonly string[];
}

/** Where recordings of the same shape differ in what they mean. */
export interface Meaning {
  /** A cas that failed found another value; else `fail` says no more than that nothing happened. */
  readonly failedCasHappened: boolean;
  /** A read that returned nil found nothing; else nil says that what it read was not recorded. */
  readonly nilIsAbsent: boolean;
}

/** Knossos takes a nil that was read for "not recorded", and drops what failed; Porcupine's logs mean otherwise. */
export const MEANING: Readonly<Record<HistoryFormat, Meaning>> = {
  jsonl: { failedCasHappened: false, nilIsAbsent: true },
  json: { failedCasHappened: false, nilIsAbsent: true },
  edn: { failedCasHappened: false, nilIsAbsent: false },
  log: { failedCasHappened: true, nilIsAbsent: true },
};
