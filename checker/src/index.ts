export * from "./check.js";
export { ENGINE_NAMES, type EngineName } from "./engine.js";
export {
  breakOneAnswer,
  type CasRegisterOperation,
  generateHistory,
  type GeneratorOptions,
} from "./generator.js";
export * from "./explain/index.js";
export type * from "./model.js";
export * from "./models/cas-register.js";
export type { ContainerInput, ContainerOutput, ContainerState } from "./models/container.js";
export * from "./models/counter.js";
export * from "./models/etcd-key.js";
export * from "./models/fifo-queue.js";
export * from "./models/index.js";
export * from "./models/kv.js";
export * from "./models/multi-register.js";
export * from "./models/mutex.js";
export * from "./models/set.js";
export * from "./models/stack.js";
export * from "./models/unordered-queue.js";
export type { Value } from "./models/value.js";
export { InputError, ModelError, type Operation } from "./operation.js";
export * from "./result.js";
export * from "./stream.js";
export * from "./stream-result.js";
export * from "./witness.js";
