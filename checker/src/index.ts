export * from "./check.js";
export type * from "./model.js";
export * from "./models/cas-register.js";
export { InputError, ModelError, type Operation } from "./operation.js";
export * from "./result.js";
export * from "./witness.js";
