export type * from "./client.js";
export type * from "./workload.js";
