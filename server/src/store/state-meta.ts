import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import { StateDamaged } from "../ports.js";
import type { SnapshotMark } from "../raft/configuration.js";
import { fromProtoConfiguration, toProtoConfiguration } from "../wal/entry-codec.js";
import { HASH_FORMAT } from "./rolling-hash.js";
import { fromProtoMember, toProtoMember, type MemberRegistry } from "./members.js";

/** Of records, StateMeta and images together: what reads one knows the others. */
export const STATE_FORMAT = 1;

/**
 * A state of the store without its records: what an engine keeps as `meta`. The state is made of the engine's first
 * `records` records; what is behind them belongs to a checkpoint that was not finished.
 */
export interface StateMeta extends SnapshotMark, MemberRegistry {
  readonly revision: number;
  readonly records: number;
  /** Over those records: VersionLog.hash. */
  readonly hash: number;
}

export function encodeMeta(meta: StateMeta): Uint8Array {
  const { index, term, revision, records, hash } = meta;
  return gauntletpeer.StateMeta.encode({
    format: STATE_FORMAT,
    index,
    term,
    configuration: toProtoConfiguration(meta.configuration),
    revision,
    records,
    hash,
    members: meta.members.map(toProtoMember),
    removed: [...meta.removed],
    hash_format: HASH_FORMAT,
  }).finish();
}

/** Throws StateDamaged for what is no meta, and Error for a format of a later version. */
export function decodeMeta(bytes: Uint8Array): StateMeta {
  const message = decode(bytes);
  if (message.format === 0) throw new StateDamaged("the state's meta has no format version");
  if (message.format !== STATE_FORMAT) {
    throw new StateFormatError(
      `the state has format version ${message.format}; this server knows ${STATE_FORMAT} only: upgrade it`,
    );
  }
  // States of before the field was there.
  const hashFormat = message.hash_format === 0 ? 1 : message.hash_format;
  if (hashFormat !== HASH_FORMAT) {
    throw new StateFormatError(
      `the state's hash is of kind ${hashFormat}; this server knows ${HASH_FORMAT} only: upgrade it`,
    );
  }
  return damagedUnless(() => ({
    index: toSafeNumber(message.index),
    term: toSafeNumber(message.term),
    configuration: fromProtoConfiguration(message.configuration, "a state"),
    revision: toSafeNumber(message.revision),
    records: toSafeNumber(message.records),
    hash: message.hash,
    members: message.members.map(fromProtoMember),
    removed: message.removed.map((id) => toSafeNumber(id)),
  }));
}

/** The state was written by a later version of the server. */
export class StateFormatError extends Error {
  override name = "StateFormatError";
}

function decode(bytes: Uint8Array): gauntletpeer.StateMeta {
  return damagedUnless(() => gauntletpeer.StateMeta.decode(bytes));
}

function damagedUnless<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StateDamaged(`the state's meta cannot be read: ${reason}`, { cause: error });
  }
}
