import type { Decision } from "./decide.js";
import type { EngineOutcome } from "./engine.js";
import type { Model } from "./model.js";
import { at } from "./operation.js";
import type { Partition } from "./partition.js";
import {
  type PartitionIllegal,
  type PartitionResult,
  type PartitionUnknown,
  STATES_SHOWN,
} from "./result.js";
import { replay, verifyWitness } from "./witness.js";

/** An engine's outcome as the result of its partition, in positions of the whole history. */
export function settle<State, Input, Output>(
  model: Model<State, Input, Output>,
  partition: Partition<Input, Output>,
  decision: Decision<State, Input, Output>,
  outcome: EngineOutcome,
  verify: boolean,
): PartitionResult {
  const base = baseOf(partition, decision);
  if (outcome.type === "ok") {
    if (verify) assertWitness(model, partition, outcome.order);
    return { ...base, verdict: "ok", witness: globally(partition, outcome.order) };
  }
  if (outcome.type === "illegal")
    return { ...base, verdict: "illegal", ...explain(model, partition, outcome) };
  if (outcome.type === "full") return undecided(partition, decision, "memory");
  return { ...undecided(partition, decision, "engine"), reason: outcome.reason };
}

export function undecided<State, Input, Output>(
  partition: Partition<Input, Output>,
  decision: Decision<State, Input, Output>,
  ranOut: PartitionUnknown["ranOut"],
): PartitionUnknown {
  const settledReturns = decision.engine?.settledReturns ?? 0;
  const { returns } = decision.task;
  const base = baseOf(partition, decision);
  const reason =
    `${RAN_OUT[ranOut]} after ${base.configurations} configurations; the history is legal up to ` +
    `return ${settledReturns} of ${returns}`;
  return { ...base, verdict: "unknown", ranOut, settledReturns, returns, reason };
}

const RAN_OUT: Readonly<Record<PartitionUnknown["ranOut"], string>> = {
  memory: "the memory allowed for configurations ran out",
  time: "the time limit was reached",
  aborted: "the check was aborted",
  stopped: "a violation elsewhere ended the check",
  engine: "the engine that was asked for cannot decide this history",
};

function baseOf<State, Input, Output>(
  { key, positions }: Partition<Input, Output>,
  { engine }: Decision<State, Input, Output>,
): Pick<PartitionResult, "key" | "operations" | "engine" | "configurations"> {
  return {
    key,
    operations: positions,
    engine: engine?.name ?? "frontier",
    configurations: engine?.configurations ?? 0,
  };
}

function globally(partition: Partition<unknown, unknown>, order: readonly number[]): number[] {
  return order.map((operation) => at(partition.positions, operation));
}

function explain<State, Input, Output>(
  model: Model<State, Input, Output>,
  partition: Partition<Input, Output>,
  outcome: Extract<EngineOutcome, { readonly type: "illegal" }>,
): Omit<PartitionIllegal, keyof ReturnType<typeof baseOf> | "verdict"> {
  const { operations } = partition;
  // Replayed, so that they are states of the history as given, not of the simplified one.
  // Orders of a long history differ near their ends alone: what they share is replayed once.
  const first = at(outcome.orders, 0);
  const shared = sharedLength(outcome.orders);
  const before = replay(model, operations, first.slice(0, shared));
  const states = outcome.orders.flatMap((order) =>
    replay(model, operations, order.slice(shared), before).map((state) => model.describeState(state)),
  );
  const possibleStates = [...new Set(states)].slice(0, STATES_SHOWN);
  const failedAt = at(partition.positions, outcome.operation);
  const { input, output, process, id } = at(operations, outcome.operation);
  const more = outcome.stateCount > possibleStates.length ? `, one of ${outcome.stateCount} such states` : "";
  return {
    failedAt,
    partialOrder: globally(partition, first),
    otherPartialOrders: outcome.orders.slice(1).map((order) => globally(partition, order)),
    possibleStates,
    possibleStateCount: Math.max(outcome.stateCount, possibleStates.length),
    reason:
      `no order is left for operation ${id ?? failedAt}, the ${model.describeOperation(input, output)} ` +
      `(process ${process}): whichever way the operations up to its return are ordered, ` +
      `the state it meets is ${possibleStates.join(" or ")}${more}`,
  };
}

/** How many operations all these orders have in common from the start. */
function sharedLength(orders: readonly (readonly number[])[]): number {
  const [first = [], ...others] = orders;
  return others.reduce((shared, other) => {
    let length = 0;
    while (length < shared && first[length] === other[length]) length++;
    return length;
  }, first.length);
}

function assertWitness<State, Input, Output>(
  model: Model<State, Input, Output>,
  { operations }: Partition<Input, Output>,
  order: readonly number[],
): void {
  const verdict = verifyWitness(model, operations, order);
  if (!verdict.valid) throw new Error(`the search's own witness fails at ${verdict.at}: ${verdict.problem}`);
}
