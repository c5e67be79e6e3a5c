export type * from "./event.js";
export type * from "./results.js";
export * from "./verdict.js";
