import type { Model } from "./model.js";
import type { Operation } from "./operation.js";

export type WitnessVerdict =
  | { readonly valid: true }
  | {
      readonly valid: false;
      /** Position in `order` where it fails. */
      readonly at: number;
      readonly problem: string;
    };

/**
 * Whether `order` (positions in `operations`) proves the history legal: holds every operation that
 * returned exactly once and others at most once, puts none before one that had returned when it was called, and
 * a sequential object gives these very answers. Knows nothing of how the order was found. Linear time.
 *
 * With `partial` an order of only some operations will do, if it is legal as far as it goes.
 */
export function verifyWitness<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  order: readonly number[],
  options: { readonly partial?: boolean } = {},
): WitnessVerdict {
  const seen = new Set<number>();
  /** By key: the object's possible states; more than one only for a nondeterministic model. */
  const objects = new Map<string, readonly State[]>();
  let latestCall = Number.NEGATIVE_INFINITY;
  for (const [at, position] of order.entries()) {
    const operation = operations[position];
    const fails = (problem: string): WitnessVerdict => ({ valid: false, at, problem });
    if (operation === undefined) return fails(`there is no operation ${position}`);
    if (seen.has(position)) return fails(`operation ${position} comes twice`);
    seen.add(position);
    if (operation.return !== undefined && operation.return < latestCall)
      return fails(`operation ${position} had returned before an earlier one in this order was called`);
    latestCall = Math.max(latestCall, operation.call);
    const key = model.key?.(operation.input) ?? "";
    const before = objects.get(key) ?? [model.init()];
    const after = before.flatMap((state) => model.step(state, operation.input, operation.output));
    if (after.length === 0)
      return fails(`${model.describeOperation(operation.input, operation.output)} is impossible here`);
    objects.set(key, distinct(model, after));
  }
  const missing =
    options.partial === true
      ? -1
      : operations.findIndex(
          ({ return: returned }, position) => returned !== undefined && !seen.has(position),
        );
  if (missing === -1) return { valid: true };
  return { valid: false, at: order.length, problem: `operation ${missing} returned but is not in the order` };
}

/** The states after an order, which must be legal. `from`: those before it, the initial one if absent. */
export function replay<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  order: readonly number[],
  from: readonly State[] = [model.init()],
): readonly State[] {
  let states = from;
  for (const position of order) {
    const operation = operations[position];
    if (operation === undefined) throw new RangeError(`there is no operation ${position}`);
    states = distinct(
      model,
      states.flatMap((state) => model.step(state, operation.input, operation.output)),
    );
  }
  return states;
}

function distinct<State, Input, Output>(
  model: Model<State, Input, Output>,
  states: readonly State[],
): readonly State[] {
  if (states.length < 2) return states;
  return [...new Map(states.map((state) => [model.stateKey(state), state])).values()];
}
