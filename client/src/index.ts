export { EtcdClient } from "./etcd-client.js";
export type { CallOptions, EtcdClientOptions } from "./etcd-client.js";
export { EtcdError } from "./errors.js";
export type { FailureOutcome } from "./errors.js";
export type * from "./messages.js";
export { connect, registerClient } from "./register-client.js";
export type { RegisterClient, RegisterOutcome } from "./register-client.js";
