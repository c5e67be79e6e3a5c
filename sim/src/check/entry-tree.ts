import { isDeepStrictEqual } from "node:util";
import type { Entry } from "@gauntlet/server/inside";
import { broken } from "./violation.js";

/**
 * The one entry that was ever created for an index and a term. Logs are paths through the tree of these: the entry
 * before is part of what an entry is, so two logs that hold the same slot are equal up to it. That makes questions
 * about whole logs ("has the new leader everything that is committed?") questions about one slot.
 */
export interface Slot {
  readonly index: number;
  readonly term: number;
  /** Term of the entry before; 0 before the first. */
  readonly previousTerm: number;
  readonly entry: Entry;
  /** Who was first seen to hold it, for the story. */
  readonly creator: string;
  /** Another slot of the same index: of another term. */
  readonly sibling: Slot | null;
}

/** Every entry that any node ever asked its disk for. */
export class EntryTree {
  /** The slots of index i are at i - 1. One almost always, so a list is found fastest. */
  readonly #slots: (Slot | undefined)[] = [];

  find(index: number, term: number): Slot | null {
    let slot: Slot | null = this.#slots[index - 1] ?? null;
    while (slot !== null && slot.term !== term) slot = slot.sibling;
    return slot;
  }

  /** Log matching: the slot of an entry that stands after one of `previousTerm` in the log of `holder`. */
  take(entry: Entry, previousTerm: number, holder: string): Slot {
    const { index, term } = entry;
    if (previousTerm > term) {
      broken(
        "log-matching",
        `${holder} puts entry ${index} of term ${term} after an entry of the later term ${previousTerm}`,
      );
    }
    const known = this.find(index, term);
    if (known === null) {
      const sibling = this.#slots[index - 1] ?? null;
      const slot: Slot = { index, term, previousTerm, entry, creator: holder, sibling };
      this.#slots[index - 1] = slot;
      return slot;
    }
    if (known.previousTerm !== previousTerm) {
      broken(
        "log-matching",
        `entry ${index} of term ${term} stands after term ${previousTerm} at ${holder}, after term ${known.previousTerm} at ${known.creator}`,
      );
    }
    if (known.entry !== entry && !isSame(known.entry, entry)) {
      broken(
        "log-matching",
        `entry ${index} of term ${term} is ${describe(entry)} at ${holder}, ${describe(known.entry)} at ${known.creator}`,
      );
    }
    return known;
  }
}

function isSame(a: Entry, b: Entry): boolean {
  if (a.kind !== b.kind || a.version !== b.version || a.timestampMs !== b.timestampMs) return false;
  if (a.kind === "configuration" && b.kind === "configuration") {
    if (!isDeepStrictEqual({ ...a.configuration }, { ...b.configuration })) return false;
  }
  return a.data === b.data || Buffer.compare(a.data, b.data) === 0;
}

function describe({ kind, version, timestampMs, data }: Entry): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, 16)).toString("hex");
  return `${kind} v${version} @${timestampMs} ${data.length} bytes ${bytes}${data.length > 16 ? "…" : ""}`;
}
