import type { Model } from "./model.js";
import type { Operation } from "./operation.js";

export interface Partition<Input, Output> {
  readonly key: string;
  /** Positions of `operations` in the array that was checked. */
  readonly positions: readonly number[];
  readonly operations: readonly Operation<Input, Output>[];
}

/** By `model.key`, in order of first appearance. One part only where the model has none. */
export function partitionByKey<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Partition<Input, Output>[] {
  const [first] = operations;
  if (first === undefined) return [];
  const firstKey = model.key?.(first.input) ?? "";
  const hasOneKey = operations.every(({ input }) => (model.key?.(input) ?? "") === firstKey);
  if (hasOneKey) {
    const positions: number[] = [];
    for (let position = 0; position < operations.length; position++) positions.push(position);
    return [{ key: firstKey, positions, operations }];
  }
  const parts = new Map<string, { positions: number[]; operations: Operation<Input, Output>[] }>();
  for (let position = 0; position < operations.length; position++) {
    const operation = operations[position] as Operation<Input, Output>;
    const key = model.key?.(operation.input) ?? "";
    let part = parts.get(key);
    if (part === undefined) parts.set(key, (part = { positions: [], operations: [] }));
    part.positions.push(position);
    part.operations.push(operation);
  }
  return [...parts].map(([key, part]) => ({ key, ...part }));
}
