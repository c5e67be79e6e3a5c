import type { Model } from "./model.js";
import type { Operation } from "./operation.js";
import { finish, PIECE, type Steps } from "./steps.js";

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
  return finish(partitioning(model, operations));
}

/** The same in pieces. */
export function* partitioning<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Steps<Partition<Input, Output>[]> {
  const [first] = operations;
  if (first === undefined) return [];
  const firstKey = model.key?.(first.input) ?? "";
  const positions: number[] = [];
  let hasOneKey = true;
  for (let position = 0; position < operations.length && hasOneKey; position++) {
    if (position % PIECE === PIECE - 1) yield;
    const { input } = operations[position] as Operation<Input, Output>;
    hasOneKey = (model.key?.(input) ?? "") === firstKey;
    positions.push(position);
  }
  if (hasOneKey) return [{ key: firstKey, positions, operations }];
  const parts = new Map<string, { positions: number[]; operations: Operation<Input, Output>[] }>();
  for (let position = 0; position < operations.length; position++) {
    if (position % PIECE === PIECE - 1) yield;
    const operation = operations[position] as Operation<Input, Output>;
    const key = model.key?.(operation.input) ?? "";
    let part = parts.get(key);
    if (part === undefined) parts.set(key, (part = { positions: [], operations: [] }));
    part.positions.push(position);
    part.operations.push(operation);
  }
  return [...parts].map(([key, part]) => ({ key, ...part }));
}
