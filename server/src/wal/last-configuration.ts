import type { Configuration } from "../raft/configuration.js";
import type { Entry } from "../raft/entry.js";
import type { LogPoint } from "./log-point.js";

/** Who decides, as far as a log tells. */
export interface LastConfiguration {
  /** Of the newest entry that is there and changes it, or of a snapshot; null: none is there. */
  readonly known: KnownConfiguration | null;
  /** Entries up to this one are not all there, so a newer one may have been among them. */
  readonly missingTo: number;
}

export interface KnownConfiguration {
  /** Of the entry, or the snapshot. */
  readonly index: number;
  readonly configuration: Configuration;
}

/** Follows the log record by record, so that a configuration that was replaced does not count any more. */
export class Configurations {
  private readonly known: readonly KnownConfiguration[];
  private readonly missingTo: number;

  /** `known`: their indices ascend. */
  constructor(known: readonly KnownConfiguration[], missingTo: number) {
    this.known = known;
    this.missingTo = missingTo;
  }

  get last(): LastConfiguration {
    return { known: this.known.at(-1) ?? null, missingTo: this.missingTo };
  }

  withEntry(entry: Entry): Configurations {
    const { index } = entry;
    const newest = this.known.at(-1)?.index ?? 0;
    if (entry.kind !== "configuration" && index > newest && index > this.missingTo) return this;
    const known = this.known.filter((each) => each.index < index);
    if (entry.kind === "configuration") known.push({ index, configuration: entry.configuration });
    return new Configurations(known, Math.min(this.missingTo, index - 1));
  }

  /** From `before` to `after` records are missing. The same last entry, by index and term: the same log (Raft, 5.3). */
  acrossGap(before: LogPoint, after: LogPoint): Configurations {
    if (before.lastIndex === after.lastIndex && before.lastTerm === after.lastTerm) return this;
    return new Configurations(
      this.known.filter(({ index }) => index < after.lastIndex),
      after.lastIndex,
    );
  }
}
