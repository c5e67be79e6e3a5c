/**
 * The server's parts, for a world of one's own: drive a Replica with other ports and time, network and disk
 * are yours. A process of the real world starts in main.ts.
 */
export { ERRORS, EtcdError } from "./errors.js";
export type { ErrorName } from "./errors.js";
export type { Clock, Disk, DiskFile, Network, Random } from "./ports.js";
export * from "./raft/index.js";
export { Replica } from "./replica.js";
export type {
  Applied,
  CommandBody,
  LogRecord,
  ReplicaObserver,
  ReplicaOptions,
  ReplicaParts,
  ReplicaStatus,
  View,
} from "./replica.js";
export { KvStore } from "./store/index.js";
export { Wal, WalCorruption, WalError } from "./wal/index.js";
