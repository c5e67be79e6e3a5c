export type { Adapter, OperationAdapter } from "./adapter.js";
export { ADAPTERS, PLAIN_ADAPTER } from "./adapters.js";
export { ednLine, type JepsenEvent } from "./edn-writer.js";
export * from "./event.js";
export { faultsOf, type RecordedFault } from "./faults.js";
export { FormatError } from "./format-error.js";
export { splitIndependent } from "./independent.js";
export * from "./operations.js";
export { HistoryReader, readHistory, readHistoryStream, type ReadOptions } from "./reader.js";
