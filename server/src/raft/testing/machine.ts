import type { Configuration, SnapshotMark } from "../configuration.js";
import type { Entry } from "../entry.js";

/** A state machine that remembers nothing but which entries it was given, in which order. */
export interface Machine {
  readonly mark: SnapshotMark;
  readonly digest: number;
}

export function emptyMachine(initial: Configuration): Machine {
  return { mark: { index: 0, term: 0, configuration: initial }, digest: 0 };
}

export function applied(machine: Machine, entry: Entry): Machine {
  const configuration = entry.kind === "configuration" ? entry.configuration : machine.mark.configuration;
  return {
    mark: { index: entry.index, term: entry.term, configuration },
    digest: digestAfter(machine.digest, entry),
  };
}

/** FNV-1a over what is printed of all entries. */
export function digestAfter(digest: number, entry: Entry): number {
  let hash = digest ^ 0x811c9dc5;
  for (const character of print(entry)) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}

/** Test entries carry their proposal's number. */
export function encodeProposal(proposal: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(proposal).buffer);
}

export function proposalOf({ data }: Entry): number {
  return data.length < 4 ? -1 : new DataView(data.buffer, data.byteOffset).getUint32(0, true);
}

export function print(entry: Entry): string {
  const configuration = entry.kind === "configuration" ? JSON.stringify(entry.configuration) : "";
  return `${entry.index}/${entry.term} ${entry.kind} ${proposalOf(entry)} @${entry.timestampMs}${configuration}`;
}
