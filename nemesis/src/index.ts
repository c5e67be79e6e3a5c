export type * from "./hosts.js";
