export { KvStore, type AppliedCommand, type WriteResponse } from "./kv-store.js";
export type { Result } from "./result.js";
export { isReadOnlyTxn, isSerializableTxn } from "./request-op.js";
export {
  MAX_TXN_OPS,
  MAX_TXN_TOTAL_OPS,
  validateDeleteRange,
  validatePut,
  validateRange,
  validateTxn,
} from "./validate.js";
