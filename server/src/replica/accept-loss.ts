import type { Configuration } from "../raft/configuration.js";
import { openDurable } from "./durable.js";
import type { Place } from "./durable.js";

export interface AcceptedLoss {
  /** Entries up to here were acknowledged, and some of them are not here any more. */
  readonly lostTo: number;
  /** Of what is left. */
  readonly lastIndex: number;
  /** The newest that this member knows. */
  readonly configuration: Configuration;
}

/**
 * Lets a stopped member vote again with what it has, although it lost entries that it had acknowledged: by itself it never
 * would before it has them back (raft/recovering.ts), and where that holds for so many that the others are no majority, nobody
 * leads any more. Null: it has lost nothing, and nothing was changed. Rejects as openDurable does. It goes on in
 * a new term: a leader of its last one, should there be any, may count on entries that it acknowledged then and lost.
 *
 * What is given up: of entries that a quorum acknowledged, those that only such members had. As long as no more members accept
 * their loss than a majority wants for, every election needs each of the whole members, so that the leader has all that any of them has.
 */
export async function acceptLoss(
  place: Place,
  recovering: (reason: string, lostTo: number) => void = () => undefined,
): Promise<AcceptedLoss | null> {
  const { log, state } = await openDurable(place, { recovering, failed: () => undefined });
  const { checkpoint } = state;
  try {
    const { lostTo, term } = log.hardState;
    if (lostTo === undefined) return null;
    await log.wal.append({ hardState: { term: term + 1, vote: null }, snapshot: null, entries: [] });
    const changed = log.entries.findLast((entry) => entry.kind === "configuration");
    const known = changed?.configuration ?? checkpoint?.configuration ?? place.initial;
    return { lostTo, lastIndex: log.lastIndex, configuration: known };
  } finally {
    await Promise.all([log.wal.close(), state.close()]);
  }
}
