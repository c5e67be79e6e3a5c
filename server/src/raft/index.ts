export type { RaftConfig } from "./config.js";
export { RaftCore } from "./core.js";
export { ENTRY_OVERHEAD_BYTES, ENTRY_VERSION, entryBytes } from "./entry.js";
export type { Entry, EntryKind, HardState } from "./entry.js";
export type { Effect, Event, Instant, RefusalReason, Role } from "./event.js";
export { InvariantViolation } from "./invariant.js";
export type { Body, MemberId, Message, MessageOf, MessageType } from "./message.js";
export type { PeerStatus, RaftStatus } from "./status.js";
