export { EtcdClient } from "./etcd-client.js";
export type { CallOptions, EtcdClientOptions } from "./etcd-client.js";
export { EtcdError } from "./errors.js";
export type { FailureOutcome } from "./errors.js";
export type * from "./messages.js";
export { connect, kvClient } from "./kv-client.js";
export type {
  KvClient,
  KvGuard,
  KvOutcome,
  KvStep,
  KvTransaction,
  KvTransactionAnswer,
} from "./kv-client.js";
