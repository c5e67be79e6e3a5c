import type { HistoryEvent } from "../checks/check.js";
import type { AnomalyType } from "./anomaly.js";

/**
 * The smallest histories with each anomaly. `A: append x 1, r y []` is a transaction; `!` after its name: it
 * failed; a number after its name: its process, if it shares one. `schedule`: `+A` it is invoked, `-A` it
 * completes.
 */
interface Scenario {
  readonly transactions: readonly string[];
  readonly schedule: string;
}

const SCENARIOS: Readonly<Partial<Record<AnomalyType, Scenario>>> = {
  "garbage-read": { transactions: ["A: r x [1]"], schedule: "+A -A" },
  "duplicate-elements": { transactions: ["A: append x 1", "B: r x [1 1]"], schedule: "+A +B -A -B" },
  "reordered-appends": {
    transactions: ["A: append x 1, append x 2", "B: r x [2 1]"],
    schedule: "+A -A +B -B",
  },
  "incompatible-order": {
    transactions: ["A: append x 1", "B: append x 2", "C: r x [1 2]", "D: r x [2 1]"],
    schedule: "+A +B +C +D -A -B -C -D",
  },
  G1a: { transactions: ["A!: append x 1", "B: r x [1]"], schedule: "+A +B -B -A" },
  "dirty-update": {
    transactions: ["A!: append x 1", "B: append x 2", "C: r x [1 2]"],
    schedule: "+A +B -B -A +C -C",
  },
  G1b: { transactions: ["A: append x 1, append x 2", "B: r x [1]"], schedule: "+A +B -A -B" },
  "future-read": { transactions: ["A: r x [1], append x 1"], schedule: "+A -A" },
  internal: { transactions: ["A: append x 1, r x []"], schedule: "+A -A" },
  "fractured-read": {
    transactions: ["A: append x 1, append y 1", "B: r x [1], r y []"],
    schedule: "+A +B -A -B",
  },
  "lost-update": {
    transactions: ["A: r x [], append x 1", "B: r x [], append x 2"],
    schedule: "+A +B -A -B",
  },
  G0: {
    transactions: ["A: append x 1, append y 1", "B: append x 2, append y 2", "C: r x [1 2], r y [2 1]"],
    schedule: "+A +B -A -B +C -C",
  },
  G1c: { transactions: ["A: append x 1, r y [1]", "B: append y 1, r x [1]"], schedule: "+A +B -A -B" },
  "G-single-item": {
    transactions: ["A: r x [], r y [1]", "B: append x 1", "C: r x [1], append y 1"],
    schedule: "+A +B +C -A -B -C",
  },
  "G-nonadjacent-item": {
    transactions: [
      "A: r x [], r w [1]",
      "B: append x 1, append z 1",
      "C: r z [1], r y []",
      "D: append y 1, append w 1",
    ],
    schedule: "+A +B +C +D -A -B -C -D",
  },
  "G2-item": { transactions: ["A: r x [], append y 1", "B: r y [], append x 1"], schedule: "+A +B -A -B" },
  "G0-process": {
    transactions: ["A1: append x 1", "B1: append x 2", "C: r x [2 1]"],
    schedule: "+A -A +C +B -B -C",
  },
  "G1c-process": { transactions: ["A1: r x [1]", "B1: append x 1"], schedule: "+A -A +B -B" },
  "G-single-item-process": { transactions: ["A1: append x 1", "B1: r x []"], schedule: "+A -A +B -B" },
  "G-nonadjacent-item-process": {
    transactions: ["A1: r x []", "B: append x 1, append z 1", "C: r z [1], r y []", "D1: append y 1"],
    schedule: "+C +B +D -D +A -A -B -C",
  },
  "G2-item-process": {
    transactions: ["A1: r x []", "B: append x 1, r y []", "C1: append y 1"],
    schedule: "+B +C -C +A -A -B",
  },
  "G0-realtime": {
    transactions: ["A: append x 1", "B: append x 2", "C: r x [2 1]"],
    schedule: "+A -A +C +B -B -C",
  },
  "G1c-realtime": { transactions: ["A: r x [1]", "B: append x 1"], schedule: "+A -A +B -B" },
  "G-single-item-realtime": { transactions: ["A: append x 1", "B: r x []"], schedule: "+A -A +B -B" },
  "G-nonadjacent-item-realtime": {
    transactions: ["A: r x []", "B: append x 1, append z 1", "C: r z [1], r y []", "D: append y 1"],
    schedule: "+C +B +D -D +A -A -B -C",
  },
  "G2-item-realtime": {
    transactions: ["A: r x []", "B: append x 1, r y []", "C: append y 1"],
    schedule: "+B +C -C +A -A -B",
  },
};

/** What `plant` knows. */
export const plantable = Object.keys(SCENARIOS) as readonly AnomalyType[];

/** The events of a smallest history with the anomaly, on keys and by processes of its own; `index` is 0. */
export function scenarioEvents(type: AnomalyType, keyPrefix: string, firstProcess: number): HistoryEvent[] {
  const scenario = SCENARIOS[type];
  if (scenario === undefined)
    throw new RangeError(`no scenario of ${type}; there are ${plantable.join(", ")}`);
  const transactions = new Map(
    scenario.transactions.map((text, i) => [text.charAt(0), parseTransaction(text, i, keyPrefix)]),
  );
  return scenario.schedule.split(" ").map((step): HistoryEvent => {
    const transaction = transactions.get(step.charAt(1));
    if (transaction === undefined)
      throw new Error(`no transaction of step ${step} in the scenario of ${type}`);
    const { shared, position, failed, operations } = transaction;
    const process = firstProcess + (shared ? 0 : 1 + position);
    if (step.startsWith("+")) {
      const value = operations.map(([f, key, v]) => [f, key, f === "r" ? null : v]);
      return { index: 0, process, type: "invoke", f: "txn", value };
    }
    return { index: 0, process, type: failed ? "fail" : "ok", f: "txn", value: operations };
  });
}

/** Processes that a scenario needs at most. */
export const SCENARIO_PROCESSES = 5;

interface ScenarioTransaction {
  readonly shared: boolean;
  readonly position: number;
  readonly failed: boolean;
  readonly operations: readonly (readonly [string, string, number | readonly number[]])[];
}

function parseTransaction(text: string, position: number, keyPrefix: string): ScenarioTransaction {
  const [name = "", body = ""] = text.split(": ");
  const operations = body.split(", ").map((operation) => {
    const [f = "", key = "", ...rest] = operation.split(" ");
    const value = rest.join(" ");
    const list = value.startsWith("[")
      ? value
          .slice(1, -1)
          .split(" ")
          .filter((word) => word !== "")
          .map(Number)
      : Number(value);
    return [f, keyPrefix + key, list] as const;
  });
  return { shared: name.endsWith("1"), position, failed: name.endsWith("!"), operations };
}
