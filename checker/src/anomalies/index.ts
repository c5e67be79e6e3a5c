export { type AnomalyType, type CycleType, type DirectAnomaly, type DirectType } from "./anomaly.js";
export {
  type ConsistencyModel,
  consistencyModels,
  forbiddenBy,
  isConsistencyModel,
} from "./consistency-models.js";
export { type Cycle, type CycleStep, type CycleTransaction } from "./cycle.js";
export { cycleSvg } from "./cycle-svg.js";
export { generateTransactions, type TransactionGeneratorOptions } from "./generator.js";
export { analyzeListAppend, listAppend } from "./list-append.js";
export { type ListAppendHistory, parseListAppend, type Scalar } from "./list-append-history.js";
export { type AnomalyFinding, type TransactionDetails, type TransactionOptions } from "./report.js";
export { plantable } from "./planted.js";
