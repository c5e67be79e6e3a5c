/** What a member knows to be wrong with itself; etcd's names. */
export type Alarm = "NOSPACE" | "CORRUPT";

/** The state after the entry `index`, in short: equal at all members that applied the same entries. */
export interface StateHash {
  readonly index: number;
  readonly revision: number;
  readonly hash: number;
}

/** What a member tells all others of itself now and then. It may get lost; a later one replaces it. */
export interface Report {
  readonly alarms: readonly Alarm[];
  /** Of some of the entries that it applied last, at the same indexes everywhere. */
  readonly hashes: readonly StateHash[];
  /** Of what kind they are: only those of one kind can be compared. */
  readonly hashFormat: number;
}
