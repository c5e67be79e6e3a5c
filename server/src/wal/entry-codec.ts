import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import type { Configuration, SnapshotMark } from "../raft/configuration.js";
import { ENTRY_VERSION, type Entry, type EntryKind, type HardState } from "../raft/entry.js";

/** The bytes are well-formed protobuf but not an entry that this version of the server can take. */
export class EntryFormatError extends Error {
  override name = "EntryFormatError";
}

const TO_PROTO = {
  noop: gauntletpeer.EntryKind.NOOP,
  normal: gauntletpeer.EntryKind.NORMAL,
  configuration: gauntletpeer.EntryKind.CONFIGURATION,
} as const satisfies Record<EntryKind, gauntletpeer.EntryKind>;

const FROM_PROTO: ReadonlyMap<number, EntryKind> = new Map([
  [gauntletpeer.EntryKind.NOOP, "noop"],
  [gauntletpeer.EntryKind.NORMAL, "normal"],
  [gauntletpeer.EntryKind.CONFIGURATION, "configuration"],
]);

export function toProtoEntry(entry: Entry): gauntletpeer.IEntry {
  const { index, term, version, timestampMs, data } = entry;
  const message = { index, term, kind: TO_PROTO[entry.kind], version, timestamp_ms: timestampMs, data };
  if (entry.kind !== "configuration") return message;
  return { ...message, configuration: toProtoConfiguration(entry.configuration) };
}

/** Shares `data` with the message. Throws EntryFormatError for what this version does not know. */
export function fromProtoEntry(message: gauntletpeer.IEntry): Entry {
  const index = number(message.index);
  const version = message.version ?? 0;
  const kind = FROM_PROTO.get(message.kind ?? 0);
  if (index < 1) throw new EntryFormatError(`an entry has the index ${index}; the first is 1`);
  if (version !== ENTRY_VERSION) {
    throw new EntryFormatError(
      `entry ${index} has format version ${version}; this server knows ${ENTRY_VERSION} only: upgrade it`,
    );
  }
  if (kind === undefined) {
    throw new EntryFormatError(
      `entry ${index} is of kind ${message.kind}, which this server does not know: upgrade it`,
    );
  }
  const term = number(message.term);
  const timestampMs = number(message.timestamp_ms);
  const data = message.data ?? new Uint8Array(0);
  if (kind !== "configuration") return { index, term, kind, version, timestampMs, data };
  const configuration = fromProtoConfiguration(message.configuration, `entry ${index}`);
  return { index, term, kind, version, timestampMs, data, configuration };
}

export function toProtoConfiguration(configuration: Configuration): gauntletpeer.IConfiguration {
  return {
    voters: [...configuration.voters],
    outgoing: [...configuration.outgoing],
    learners: [...configuration.learners],
    learners_next: [...configuration.learnersNext],
    promotable: [...configuration.promotable],
    auto_leave: configuration.autoLeave,
  };
}

/** Throws EntryFormatError where none is, or where its lists are not as they are always written. */
export function fromProtoConfiguration(
  message: gauntletpeer.IConfiguration | null | undefined,
  where: string,
): Configuration {
  if (!message) throw new EntryFormatError(`${where} has no configuration in it`);
  const members = (list: readonly number[] | null | undefined) => {
    const ids = (list ?? []).map(number);
    if (ids.every((id, at) => id > (ids[at - 1] ?? 0))) return ids;
    throw new EntryFormatError(`${where}: the members ${ids.join(", ")} are not distinct ids in order`);
  };
  return {
    voters: members(message.voters),
    outgoing: members(message.outgoing),
    learners: members(message.learners),
    learnersNext: members(message.learners_next),
    promotable: members(message.promotable),
    autoLeave: message.auto_leave ?? false,
  };
}

export function encodeEntry(entry: Entry): Uint8Array {
  return gauntletpeer.Entry.encode(toProtoEntry(entry)).finish();
}

/** The entry's `data` is a view into `bytes`. Throws on malformed bytes and what `fromProtoEntry` refuses. */
export function decodeEntry(bytes: Uint8Array): Entry {
  return fromProtoEntry(gauntletpeer.Entry.decode(bytes));
}

export function encodeHardState(state: HardState): Uint8Array {
  const { term, vote, lostTo } = state;
  const message = { term, vote: vote ?? 0 };
  return gauntletpeer.HardState.encode(
    lostTo === undefined ? message : { ...message, lost_to: lostTo },
  ).finish();
}

export function decodeHardState(bytes: Uint8Array): HardState {
  const message = gauntletpeer.HardState.decode(bytes);
  const vote = number(message.vote);
  const lostTo = number(message.lost_to);
  const state = { term: number(message.term), vote: vote === 0 ? null : vote };
  return lostTo === 0 ? state : { ...state, lostTo };
}

export function encodeMark({ index, term, configuration }: SnapshotMark): Uint8Array {
  const message = { index, term, configuration: toProtoConfiguration(configuration) };
  return gauntletpeer.Snapshot.encode(message).finish();
}

/** Throws on malformed bytes, and EntryFormatError as fromProtoConfiguration does. */
export function decodeMark(bytes: Uint8Array): SnapshotMark {
  const message = gauntletpeer.Snapshot.decode(bytes);
  const index = number(message.index);
  const configuration = fromProtoConfiguration(message.configuration, `the snapshot of entry ${index}`);
  return { index, term: number(message.term), configuration };
}

/** 64-bit fields are typed as numbers but decoded to Long objects, and absent ones too. */
function number(value: number | null | undefined): number {
  return toSafeNumber(value ?? 0);
}
