export { Wal, type OpenedWal, type WalBatch, type WalOptions, type WalStats } from "./wal.js";
export { WalCorruption, WalError } from "./errors.js";
export type { Repair } from "./recovery.js";
export type { WalIdentity } from "./segment.js";
export { EntryFormatError, decodeEntry, encodeEntry, fromProtoEntry, toProtoEntry } from "./entry-codec.js";
