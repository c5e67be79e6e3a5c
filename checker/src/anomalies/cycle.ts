import type { CycleType } from "./anomaly.js";
import type { FoundCycle } from "./cycle-search.js";
import { DATA, PROCESS, REALTIME, WR, WW } from "./graph.js";
import { precedesInRealTime } from "./order-edges.js";
import type { Workload } from "./workload.js";

/** A cycle with all its evidence, plain JSON. Drawn by `cycleSvg`. */
export interface Cycle {
  readonly type: CycleType;
  readonly transactions: readonly CycleTransaction[];
  /** steps[i] leads from transactions[i] to the next one, the last back to the first. */
  readonly steps: readonly CycleStep[];
  /** All steps in one sentence; of long cycles the first and the last few. */
  readonly text: string;
}

export interface CycleTransaction {
  /** T and the `index` of its completion, or of its invocation if it has none. */
  readonly name: string;
  readonly index: number;
  readonly process: number;
  readonly operations: readonly string[];
}

export interface CycleStep {
  readonly kind: "ww" | "wr" | "rw" | "process" | "realtime";
  readonly key: string | null;
  /** Why the one precedes the other, naming both. */
  readonly text: string;
  /** The same in a few words. */
  readonly label: string;
}

export function explainCycle(workload: Workload, { type, transactions, kinds }: FoundCycle): Cycle {
  const { log } = workload;
  const steps = transactions.map((from, i) => {
    const to = transactions[(i + 1) % transactions.length] as number;
    return explainStep(workload, from, to, kinds[i] as number);
  });
  const members = transactions.map((t) => ({
    name: workload.transactionName(t),
    index: log.eventIndex[t] as number,
    process: log.processes[log.process[t] as number] as number,
    operations: workload.describe(t),
  }));
  const names = [...members, members[0]].map((member) => member?.name ?? "");
  return {
    type,
    transactions: members,
    steps,
    text: `${shortened(names).join(" before ")}: ${shortened(steps.map(({ text }) => text)).join("; ")}`,
  };
}

const TOLD = 12;

function shortened(words: readonly string[]): readonly string[] {
  const left = words.length - TOLD;
  if (left <= 1) return words;
  return [...words.slice(0, TOLD / 2), `(${left} more)`, ...words.slice(-TOLD / 2)];
}

function explainStep(workload: Workload, from: number, to: number, kind: number): CycleStep {
  const { log } = workload;
  const [a, b] = [workload.transactionName(from), workload.transactionName(to)];
  if ((kind & DATA) !== 0) {
    const { key, text, label } = workload.evidence(from, to, kind);
    return { kind: kind === WW ? "ww" : kind === WR ? "wr" : "rw", key, text, label };
  }
  if (kind === PROCESS) {
    const process = log.processes[log.process[from] as number] as number;
    return {
      kind: "process",
      key: null,
      text: `process ${process} executed ${a} before ${b}`,
      label: `process ${process}`,
    };
  }
  if (kind !== REALTIME || !precedesInRealTime(log, from, to))
    throw new Error(`${a} does not precede ${b} in real time`);
  return {
    kind: "realtime",
    key: null,
    text: `${a} had completed when ${b} was invoked`,
    label: "completed before",
  };
}
