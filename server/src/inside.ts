/**
 * The server's insides, for a world of one's own: `openReplica` with other ports and time, network and disk are
 * yours; `RaftCore` alone for a search of its states. A process of the real world starts in main.ts.
 */
export { ERRORS, EtcdError } from "./errors.js";
export type { ErrorName } from "./errors.js";
export { approximateBytes, fromWire, toWire } from "./peer/codec.js";
export { reportFromWire, reportToWire } from "./peer/report-codec.js";
export { StateDamaged } from "./ports.js";
export type { Clock, Disk, DiskFile, Network, Random, StateEngine, StateStorage } from "./ports.js";
export { validateConfig } from "./raft/config.js";
export type { LeaseConfig, RaftConfig } from "./raft/config.js";
export { configurationOf } from "./raft/configuration.js";
export type { Configuration, ConfigurationChange, SnapshotMark } from "./raft/configuration.js";
export { RaftCore } from "./raft/core.js";
export { ENTRY_OVERHEAD_BYTES, ENTRY_VERSION, entryBytes } from "./raft/entry.js";
export type { ConfigurationEntry, Entry, EntryKind, HardState, PlainEntry } from "./raft/entry.js";
export type { Effect, Event, Instant, RefusalReason, Role, TransferRefusal } from "./raft/event.js";
export { InvariantViolation } from "./raft/invariant.js";
export type { Body, MemberId, Message, MessageOf, MessageType } from "./raft/message.js";
export type { PeerStatus, RaftStatus } from "./raft/status.js";
export { Publisher } from "./publishing.js";
export { isMemberOf } from "./replica/membership.js";
export type { CheckpointOptions } from "./replica/checkpoints.js";
export { ReplicaUnusable, rebuildReplica } from "./replica/durable.js";
export type { Difference } from "./replica/integrity.js";
export { KvState } from "./replica/kv-state.js";
export {
  DEFAULT_CHECKPOINTS,
  DEFAULT_HASH_INTERVAL,
  DEFAULT_LIMITS,
  openReplica,
  placeOf,
} from "./replica/open.js";
export type { OpenedReplica, ReplicaLimits, ReplicaPorts, ReplicaSettings } from "./replica/open.js";
export type {
  CommandBody,
  LogRecord,
  ReplicaObserver,
  ReplicaOptions,
  ReplicaParts,
  ReplicaStatus,
  View,
} from "./replica/parts.js";
export { tickPlan } from "./replica/tick-plan.js";
export type { Alarm, Report, StateHash } from "./replica/report.js";
export type { TickPlan } from "./replica/tick-plan.js";
export { Replica } from "./replica/replica.js";
export {
  ImageDamaged,
  KvStore,
  StateFormatError,
  StateWriter,
  decodeMeta,
  encodeImage,
  encodeMeta,
  isReadOnlyTxn,
  isSerializableTxn,
  loadState,
  receiveImage,
  validateDeleteRange,
  validatePut,
  validateRange,
  validateTxn,
} from "./store/index.js";
export type {
  AppliedCommand,
  LoadedState,
  MemberAttributes,
  MemberRegistry,
  Result,
  StateMeta,
  WriteResponse,
} from "./store/index.js";
export {
  EntryFormatError,
  Wal,
  WalCorruption,
  WalError,
  decodeEntry,
  encodeEntry,
  provedBytes,
} from "./wal/index.js";
export type {
  Beginning,
  LogSnapshot,
  OpenedWal,
  Provable,
  Repair,
  WalBatch,
  WalIdentity,
  WalOptions,
  WalStats,
} from "./wal/index.js";
