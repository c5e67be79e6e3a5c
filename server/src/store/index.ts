export { ImageDamaged, encodeImage, receiveImage } from "./image.js";
export { KvStore, type AppliedCommand, type WriteResponse } from "./kv-store.js";
export { fromProtoMember, toProtoMember, type MemberAttributes, type MemberRegistry } from "./members.js";
export type { Result } from "./result.js";
export { HASH_FORMAT } from "./rolling-hash.js";
export { isReadOnlyTxn, isSerializableTxn } from "./request-op.js";
export { loadState, type LoadedState } from "./state-load.js";
export { StateFormatError, decodeMeta, encodeMeta, type StateMeta } from "./state-meta.js";
export { StateWriter, type CommitBounds } from "./state-writer.js";
export {
  MAX_TXN_OPS,
  MAX_TXN_TOTAL_OPS,
  validateDeleteRange,
  validatePut,
  validateRange,
  validateTxn,
} from "./validate.js";
