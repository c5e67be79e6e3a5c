export * from "./errors.js";
export type * from "./event.js";
export {
  readResults,
  readTest,
  RUN_FILES,
  type TestDescription,
  writeJson,
  writeResults,
  writeTest,
} from "./files.js";
export { type ForeignHistory, type ForeignOptions, readForeignHistory, toEdn } from "./jepsen.js";
export { latencyNs } from "./latency.js";
export { LIVE_STALE_MS, type LiveCheckStatus, type LiveStatus, readLive, writeLive } from "./live.js";
export {
  type EventPair,
  pairEvents,
  type RegisterOperation,
  toOperations,
  toRegisterInput,
  toRegisterOutput,
} from "./operations.js";
export { type History, MAX_LINE_BYTES, parseHistory, readHistory } from "./reader.js";
export * from "./results.js";
export * from "./runs.js";
export { type NodeReading, type NodeSample, parseSample, readSamples, SampleWriter } from "./samples.js";
export * from "./verdict.js";
export { HistoryWriter, type RunClock, type UnstampedEvent } from "./writer.js";
