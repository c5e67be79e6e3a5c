export { FormatError } from "./format-error.js";
export type { RecordedOperation } from "./jepsen-events.js";
export { parseKnossosEdn } from "./knossos-edn.js";
export { parsePorcupineLog } from "./porcupine-log.js";
