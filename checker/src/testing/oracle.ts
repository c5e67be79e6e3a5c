import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";

/** A model without the hooks that only make a check faster: what its objects are. */
export function withoutHooks<State, Input, Output>(
  model: Model<State, Input, Output>,
): Model<State, Input, Output> {
  return {
    name: `${model.name} without hooks`,
    init: () => model.init(),
    step: (state, input, output) => model.step(state, input, output),
    stateKey: (state) => model.stateKey(state),
    ...(model.key === undefined ? {} : { key: model.key.bind(model) }),
    describeOperation: (input, output) => model.describeOperation(input, output),
    describeState: (state) => model.describeState(state),
  };
}

/**
 * Linearizability by its definition, for tests: tries every order of all operations, over all keys at once, remembers
 * nothing, and asks the model for `init`, `step` and `key` alone. Exponential: for at most a dozen operations.
 */
export function isLinearizable<State, Input, Output>(
  model: Pick<Model<State, Input, Output>, "init" | "step" | "key">,
  history: readonly Operation<Input, Output>[],
): boolean {
  const keys = history.map(({ input }) => model.key?.(input) ?? "");
  const names = [...new Set(keys)];
  const objects = keys.map((key) => names.indexOf(key));
  const returned = maskOf(history, (operation) => operation.return !== undefined);
  /** By operation: those that had returned when it was called. */
  const before = history.map(({ call }) =>
    maskOf(history, (other) => other.return !== undefined && other.return < call),
  );
  const extend = (left: number, states: readonly State[]): boolean => {
    if ((left & returned) === 0) return true;
    return history.some(({ input, output }, i) => {
      if (((left >> i) & 1) === 0 || (left & at(before, i)) !== 0) return false;
      const object = at(objects, i);
      return model
        .step(at(states, object), input, output)
        .some((after) => extend(left & ~(1 << i), states.with(object, after)));
    });
  };
  return extend(
    2 ** history.length - 1,
    names.map(() => model.init()),
  );
}

function maskOf<Input, Output>(
  history: readonly Operation<Input, Output>[],
  holds: (operation: Operation<Input, Output>) => boolean,
): number {
  return history.reduce((mask, operation, i) => (holds(operation) ? mask | (1 << i) : mask), 0);
}

/**
 * The history up to and with the return of `last` (or just before it): later returns have not happened, and what
 * had not been called by then is not in it. Answers still to come are known.
 */
export function upToReturn<Input, Output>(
  history: readonly Operation<Input, Output>[],
  last: number,
  included: boolean,
): Operation<Input, Output>[] {
  const end = at(history, last).return;
  if (end === undefined) throw new RangeError(`operation ${last} never returned`);
  return history.flatMap((operation, i) => {
    const { return: returned, ...open } = operation;
    if (operation.call > end) return [];
    // Returns at the same time come in the order of the operations.
    const happened = returned !== undefined && (returned < end || (returned === end && i < last));
    return [happened || (included && i === last) ? operation : open];
  });
}
