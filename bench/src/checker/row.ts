/** A line of the table. */
export interface Row {
  readonly name: string;
  readonly goal: string;
  /** What Porcupine v1.3.0 (Go 1.19) took on a machine of this kind: two shared cores. */
  readonly porcupine: string;
  /** Repetitions that are timed; ten if absent. */
  readonly repeat?: number;
  /** Makes or reads the history, which is not timed. Undefined: it is not there. */
  readonly prepare: () => Prepared | undefined;
}

/** What is timed. */
export type Prepared = () => Measured;

export interface Measured {
  readonly verdict: string;
  readonly configurations: number;
  /** The slowest of several files. */
  readonly slowestMs?: number;
  /** Bytes of the checker's own tables, where it counts them. */
  readonly bytes?: number;
}

/** What the process of a row tells. */
export interface RowResult extends Measured {
  readonly bestMs: number;
  readonly medianMs: number;
  /** Of the whole process at its highest; and before the first check, history and all. */
  readonly maxRssMb: number;
  readonly rssBeforeMb: number;
}
