import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";

/**
 * The states that updates could lead to in any order, each any number of times or never: more than any legal
 * order of them could. Undefined if there are too many to be of use.
 *
 * `observers`: the operations that will look at the state; what they cannot tell apart may be merged.
 */
export function reachableStates<State, Input, Output>(
  model: Model<State, Input, Output>,
  updates: readonly Operation<Input, Output>[],
  observers: readonly Operation<Input, Output>[],
): State[] | undefined {
  const all = [...updates, ...observers];
  const inputs = model.simplify?.(all) ?? all.map(({ input }) => input);
  const simplified = all.map(({ output }, i) => ({ input: at(inputs, i), output }));
  const project = model.project?.(simplified) ?? ((state: State) => state);
  const kinds = new Map<string | number, { readonly input: Input; readonly output?: Output | undefined }>();
  simplified.slice(0, updates.length).forEach((update, i) => {
    kinds.set(model.operationKey?.(update.input, update.output) ?? i, update);
  });
  const initial = project(model.init());
  const found = new Map<string | number, State>([[model.stateKey(initial), initial]]);
  let size = 0;
  // A map yields what is added while it is walked.
  for (const state of found.values()) {
    for (const { input, output } of kinds.values()) {
      for (const after of model.step(state, input, output).map(project)) {
        const key = model.stateKey(after);
        if (found.has(key)) continue;
        found.set(key, after);
        size += typeof key === "string" ? key.length : 1;
      }
    }
    if (found.size * kinds.size > MAX_STEPS || size > MAX_SIZE) return undefined;
  }
  return [...found.values()];
}

const MAX_STEPS = 100_000;
/** Characters of the states' keys: a queue into which something may go any number of times only ever grows. */
const MAX_SIZE = 100_000;
