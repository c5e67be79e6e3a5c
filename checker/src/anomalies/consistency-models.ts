import type { AnomalyType, CycleType } from "./anomaly.js";

/**
 * Which anomalies each model forbids.
 *
 * Sources. Cycles and G1: Adya, "Weak Consistency" (1999): PL-1 forbids G0, PL-2 also G1, PL-2.99 also
 * G2-item, PL-3 also G2. Snapshot isolation forbids cycles without two adjacent anti-dependencies:
 * Cerone and Gotsman, "Analysing Snapshot Isolation" (2016); read atomic: Cerone, Bernardi and Gotsman, "A
 * Framework for Transactional Consistency Models with Atomic Visibility" (2015), whose axiom INT is `internal`
 * and whose EXT excludes `future-read` and `fractured-read`; lost update: Bailis and others, "Highly Available
 * Transactions" (2013). Session and real-time variants: Daudjee and Salem, "Lazy Database Replication
 * with Snapshot Isolation" (2006), and Adya's PL-SS. That a repeated, reordered or unheard-of element, or one of
 * an aborted transaction, is as bad as what it stands for is Elle's reading (Kingsbury and Alvaro,
 * "Elle", 2020), and so are the names. Stricter than Elle here: `garbage-read` and `reordered-appends` are looked
 * for, and forbidden by every model, as no order of events has them; `fractured-read` is looked for; `internal` is
 * forbidden by repeatable-read too.
 */
export type ConsistencyModel = keyof typeof MODELS;

/** Data dependencies: cycles of which kinds are forbidden. Session: along with which orders. */
interface ModelRules {
  readonly cycles: "ww" | "ww-wr" | "nonadjacent-rw" | "all";
  readonly order: CycleOrder;
  readonly direct: readonly AnomalyType[];
}

/** An order besides the data's that transactions must respect; each includes those before it. */
export type CycleOrder = "none" | "process" | "realtime";

const ANY: readonly AnomalyType[] = ["duplicate-elements", "garbage-read", "reordered-appends"];
const COMMITTED_READS: readonly AnomalyType[] = [
  ...ANY,
  "G1a",
  "G1b",
  "dirty-update",
  "incompatible-order",
  "future-read",
];
const ATOMIC_READS: readonly AnomalyType[] = [...COMMITTED_READS, "internal", "fractured-read"];
const ISOLATED: readonly AnomalyType[] = [...ATOMIC_READS, "lost-update"];

const MODELS = {
  "read-uncommitted": { cycles: "ww", order: "none", direct: ANY },
  "read-committed": { cycles: "ww-wr", order: "none", direct: COMMITTED_READS },
  "read-atomic": { cycles: "ww-wr", order: "none", direct: ATOMIC_READS },
  "repeatable-read": { cycles: "all", order: "none", direct: ISOLATED },
  "snapshot-isolation": { cycles: "nonadjacent-rw", order: "none", direct: ISOLATED },
  serializable: { cycles: "all", order: "none", direct: ISOLATED },
  "strong-session-read-uncommitted": { cycles: "ww", order: "process", direct: ANY },
  "strong-session-read-committed": { cycles: "ww-wr", order: "process", direct: COMMITTED_READS },
  "strong-session-snapshot-isolation": { cycles: "nonadjacent-rw", order: "process", direct: ISOLATED },
  "strong-session-serializable": { cycles: "all", order: "process", direct: ISOLATED },
  "strong-read-uncommitted": { cycles: "ww", order: "realtime", direct: ANY },
  "strong-read-committed": { cycles: "ww-wr", order: "realtime", direct: COMMITTED_READS },
  "strong-snapshot-isolation": { cycles: "nonadjacent-rw", order: "realtime", direct: ISOLATED },
  "strict-serializable": { cycles: "all", order: "realtime", direct: ISOLATED },
} as const satisfies Record<string, ModelRules>;

export const consistencyModels = Object.keys(MODELS) as readonly ConsistencyModel[];

export function isConsistencyModel(name: string): name is ConsistencyModel {
  return Object.hasOwn(MODELS, name);
}

export function modelRules(model: ConsistencyModel): ModelRules {
  return MODELS[model];
}

const CYCLES_FORBIDDEN: Readonly<Record<ModelRules["cycles"], readonly string[]>> = {
  ww: ["G0"],
  "ww-wr": ["G0", "G1c"],
  "nonadjacent-rw": ["G0", "G1c", "G-single-item", "G-nonadjacent-item"],
  all: ["G0", "G1c", "G-single-item", "G-nonadjacent-item", "G2-item"],
};
const SUFFIXES: Readonly<Record<CycleOrder, readonly string[]>> = {
  none: [""],
  process: ["", "-process"],
  realtime: ["", "-process", "-realtime"],
};

/** All anomalies that the model forbids. */
export function forbiddenBy(model: ConsistencyModel): ReadonlySet<AnomalyType> {
  const { cycles, order, direct } = modelRules(model);
  const types = new Set<AnomalyType>(direct);
  for (const base of CYCLES_FORBIDDEN[cycles])
    for (const suffix of SUFFIXES[order]) types.add(`${base}${suffix}` as CycleType);
  return types;
}
