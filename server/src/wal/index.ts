export { Wal, type OpenedWal, type WalBatch, type WalOptions, type WalStats } from "./wal.js";
export type { Beginning } from "./begin-anew.js";
export { WalCorruption, WalError, type Provable } from "./errors.js";
export { readIdentity } from "./read-log.js";
export type { Repair } from "./settle.js";
export type { WalIdentity } from "./segment.js";
export type { LogSnapshot } from "./snapshot-record.js";
export { EntryFormatError, decodeEntry, encodeEntry, fromProtoEntry, toProtoEntry } from "./entry-codec.js";
