export * from "./check.js";
export { ENGINE_NAMES, type EngineName } from "./engine.js";
export {
  breakOneAnswer,
  type CasRegisterOperation,
  generateHistory,
  type GeneratorOptions,
} from "./generator.js";
export type * from "./model.js";
export * from "./models/cas-register.js";
export { InputError, ModelError, type Operation } from "./operation.js";
export * from "./result.js";
export * from "./witness.js";
