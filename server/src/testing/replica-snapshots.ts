import type { SnapshotMark } from "../raft/configuration.js";
import type { MessageOf } from "../raft/message.js";
import type { StagedState } from "../replica/state.js";
import { OPTIONS, SELF } from "./replica-world.js";

/** What a ReplicaWorld's snapshots are of. */
export function mark(index: number, term = 1): SnapshotMark {
  return { index, term, configuration: OPTIONS.initial };
}

/** A peer's word that a snapshot comes with this message. */
export function offer(index: number, term = 1, from = 12): MessageOf<"snapshot"> {
  return { from, to: SELF, term, type: "snapshot", snapshot: mark(index, term) };
}

export const noBytes: AsyncIterable<Uint8Array> = (async function* () {})();

/** A state that was taken in, and what was asked of it. */
export function staged(at: SnapshotMark, generation = 7): StagedState & { readonly done: string[] } {
  const done: string[] = [];
  return {
    generation,
    mark: at,
    done,
    adopt: () => void done.push("adopted"),
    discard: async () => void done.push("discarded"),
  };
}
