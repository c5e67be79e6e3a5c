import {
  type AnomalyType,
  type CycleType,
  DIRECT_TYPES,
  type DirectAnomaly,
  DirectFindings,
  type DirectType,
} from "./anomaly.js";
import type { CheckReport } from "../checks/check.js";
import type { CheckVerdict } from "../result.js";
import {
  type ConsistencyModel,
  consistencyModels,
  forbiddenBy,
  isConsistencyModel,
  modelRules,
} from "./consistency-models.js";
import { type Cycle, explainCycle } from "./cycle.js";
import { type CycleFindings, findCycles, typeRank } from "./cycle-search.js";
import { GraphBuilder, PROCESS, RW, WR, WW } from "./graph.js";
import { addProcessEdges } from "./order-edges.js";
import { show } from "./show.js";
import { ABORTED, COMMITTED, INDETERMINATE } from "./transactions.js";
import type { Workload } from "./workload.js";

export interface TransactionOptions {
  /** What the database promises. Strict serializability if absent. */
  readonly consistencyModel?: ConsistencyModel | undefined;
}

/** All numbers of transactions are the `index` of their completion, or of their invocation if they have none. */
export interface TransactionDetails {
  readonly consistencyModel: ConsistencyModel;
  /** Everything that was found, worst first; what the model forbids is marked. */
  readonly anomalies: readonly AnomalyFinding[];
  readonly transactions: {
    readonly committed: number;
    readonly aborted: number;
    readonly indeterminate: number;
  };
  readonly edges: { readonly ww: number; readonly wr: number; readonly rw: number; readonly process: number };
  /** Strongly connected components of more than one transaction, and the transactions of the largest. */
  readonly components: { readonly count: number; readonly largest: number };
  /**
   * False: components were so large that some class of cycles was not looked for to the end. The verdict does
   * not depend on that: whether there is any cycle that the model forbids is decided without a limit.
   */
  readonly exhaustive: boolean;
}

export interface AnomalyFinding {
  readonly type: AnomalyType | "empty-transaction-graph";
  readonly forbidden: boolean;
  /** How often; of cycles, in how many components, or of those of real time, at how many transactions. */
  readonly count: number;
  /** The first, or the shortest, few. */
  readonly examples: readonly (DirectAnomaly | Cycle)[];
}

/** Judges a history by its direct anomalies and by its cycles. Linear, but for the search for short cycles. */
export function judge(workload: Workload, options: TransactionOptions): CheckReport<TransactionDetails> {
  const consistencyModel = options.consistencyModel ?? "strict-serializable";
  if (!isConsistencyModel(consistencyModel)) {
    const known = consistencyModels.join(", ");
    throw new RangeError(`unknown consistency model ${show(consistencyModel)}; known are ${known}`);
  }
  const forbidden = forbiddenBy(consistencyModel);
  const { order } = modelRules(consistencyModel);
  const direct = new DirectFindings();
  workload.findDirectAnomalies(direct);
  const builder = new GraphBuilder(workload.log.count, workload.expectedDependencies + workload.log.count);
  workload.addDependencies(builder);
  if (order !== "none") addProcessEdges(workload.log, builder);
  const count = builder.countKinds();
  const edges = { ww: count(WW), wr: count(WR), rw: count(RW), process: count(PROCESS) };
  const empty = edges.ww + edges.wr + edges.rw === 0;
  const cycles = findCycles(builder.build(), order, workload.log);
  const anomalies = [
    ...directFindings(direct, forbidden),
    ...cycleFindings(cycles, forbidden, workload),
  ].toSorted((a, b) => Number(b.forbidden) - Number(a.forbidden));
  const worst = anomalies.find((finding) => finding.forbidden);
  if (empty) anomalies.push({ type: "empty-transaction-graph", forbidden: false, count: 1, examples: [] });
  const verdict: CheckVerdict = worst !== undefined ? "illegal" : empty ? "unknown" : "ok";
  return {
    name: workload.name,
    verdict,
    reason:
      worst === undefined
        ? reasonOk(workload, consistencyModel, anomalies, empty)
        : reasonIllegal(consistencyModel, worst),
    details: {
      consistencyModel,
      anomalies,
      transactions: {
        committed: countOutcomes(workload, COMMITTED),
        aborted: countOutcomes(workload, ABORTED),
        indeterminate: countOutcomes(workload, INDETERMINATE),
      },
      edges,
      components: { count: cycles.components, largest: cycles.largest },
      exhaustive: cycles.exhaustive,
    },
  };
}

function directFindings(direct: DirectFindings, forbidden: ReadonlySet<AnomalyType>): AnomalyFinding[] {
  const found = DIRECT_TYPES.filter((type: DirectType) => direct.count(type) > 0);
  return found.map((type) => ({
    type,
    forbidden: forbidden.has(type),
    count: direct.count(type),
    examples: direct.examples.filter((example) => example.type === type),
  }));
}

function cycleFindings(
  { cycles, counts }: CycleFindings,
  forbidden: ReadonlySet<AnomalyType>,
  workload: Workload,
): AnomalyFinding[] {
  const types: CycleType[] = [...counts.keys()].toSorted((a, b) => typeRank(a) - typeRank(b));
  return types.map((type) => ({
    type,
    forbidden: forbidden.has(type),
    count: counts.get(type) ?? 0,
    examples: cycles.filter((cycle) => cycle.type === type).map((cycle) => explainCycle(workload, cycle)),
  }));
}

function reasonIllegal(model: ConsistencyModel, { type, count, examples }: AnomalyFinding): string {
  const [example] = examples;
  const more = count > 1 ? ` (the first of ${count})` : "";
  return `${type}${more}, which ${model} forbids: ${example?.text ?? ""}`;
}

function reasonOk(
  { log }: Workload,
  model: ConsistencyModel,
  anomalies: readonly AnomalyFinding[],
  empty: boolean,
): string {
  if (empty) return "no transaction depends on another, so that nothing could be checked";
  const allowed = anomalies.map(({ type }) => type);
  const seen =
    allowed.length === 0 ? "no anomaly" : `nothing that ${model} forbids (found: ${allowed.join(", ")})`;
  const blind =
    modelRules(model).order === "realtime" && !log.invocations
      ? "; the history has no invocations, so that of real time only the order within each process was checked"
      : "";
  return `${seen} in ${log.count} transactions${blind}`;
}

function countOutcomes({ log }: Workload, outcome: number): number {
  let count = 0;
  for (let t = 0; t < log.count; t++) if (log.outcome[t] === outcome) count++;
  return count;
}
