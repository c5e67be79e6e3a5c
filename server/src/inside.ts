/** The server's insides, for a simulator and a model checker. The rig uses the package's front door. */
export type { Clock, Disk, DiskFile, Network, Random } from "./ports.js";
export { EtcdError } from "./errors.js";
export * from "./raft/index.js";
export type * from "./raft/config.js";
export { Replica } from "./replica.js";
export type { ReplicaObserver, ReplicaOptions, ReplicaParts } from "./replica.js";
export { KvStore } from "./store/index.js";
export { Wal } from "./wal/index.js";
export { WalCorruption, WalError } from "./wal/errors.js";
