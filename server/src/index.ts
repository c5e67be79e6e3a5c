/** What others may know of the server without opening it. */
export { ERRORS, EtcdError } from "./errors.js";
export type { ErrorName } from "./errors.js";
