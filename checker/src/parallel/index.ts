export { checkOperationsParallel, type ParallelOptions } from "./check-parallel.js";
export { type ModelReference, ModelSourceError } from "./model-source.js";
