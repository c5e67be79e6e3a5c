import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";

/**
 * An operation of a history some of whose operations may be left out:
 * - `required`: as it is;
 * - `optional`: within its interval it took effect, or nothing happened;
 * - `entry`: stands for everything before; afterwards the object is in one of these states.
 */
export type Marked<State, Input> =
  | { readonly type: "required" | "optional"; readonly input: Input }
  | { readonly type: "entry"; readonly states: readonly State[] };

/**
 * The same object, for histories some of whose operations may be left out. An optional update is a choice
 * at one instant of its interval, so it is a non-deterministic step; an optional operation that never
 * changes the state says nothing and should not be in the history at all.
 */
export function withOptional<State, Input, Output>(
  model: Model<State, Input, Output>,
): Model<State, Marked<State, Input>, Output> {
  const hooks = {
    readOnly: model.readOnly?.bind(model),
    operationKey: model.operationKey?.bind(model),
    covers: model.covers?.bind(model),
    simplify: model.simplify?.bind(model),
    project: model.project?.bind(model),
  };
  const { readOnly, operationKey, covers, simplify, project } = hooks;
  return {
    name: model.name,
    init: () => model.init(),
    step: (state, marked, output) => {
      if (marked.type === "entry") return marked.states;
      const after = model.step(state, marked.input, output);
      // One that never returned is optional as it is.
      return marked.type === "optional" && output !== undefined ? [state, ...after] : after;
    },
    stateKey: (state) => model.stateKey(state),
    describeOperation: (marked, output) =>
      marked.type === "entry" ? "everything before" : model.describeOperation(marked.input, output),
    describeState: (state) => model.describeState(state),
    ...(readOnly && {
      readOnly: (marked, output) => marked.type !== "entry" && readOnly(marked.input, output),
    }),
    ...(operationKey && {
      operationKey: (marked, output) =>
        marked.type === "entry" ? "entry" : `${marked.type} ${operationKey(marked.input, output)}`,
    }),
    ...(covers && {
      covers: (general, special) =>
        general.type !== "entry" && special.type !== "entry" && covers(general.input, special.input),
    }),
    ...(simplify && {
      simplify: (operations) => {
        const inputs = [...simplify(operations.flatMap(unmarked))];
        return operations.map(({ input }) =>
          input.type === "entry" ? input : { type: input.type, input: inputs.shift() as Input },
        );
      },
    }),
    ...(project && { project: (operations) => project(operations.flatMap(unmarked)) }),
  };
}

function unmarked<State, Input, Output>({
  input,
  output,
}: {
  readonly input: Marked<State, Input>;
  readonly output?: Output | undefined;
}): { readonly input: Input; readonly output?: Output | undefined }[] {
  return input.type === "entry" ? [] : [{ input: input.input, output }];
}

/**
 * Of the operations of a legal order, the positions of those optional ones that took effect in it; as few as can
 * be seen. Undefined: there are too many ways to tell.
 */
export function tookEffect<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Marked<State, Input>, Output>[],
  order: readonly number[],
): number[] | undefined {
  const project = model.project?.(operations.flatMap(unmarked)) ?? ((state: State) => state);
  const initial = project(model.init());
  /** By step, by state reached: how it was reached. */
  const reached: Map<string | number, Reached<State>>[] = [];
  let present = new Map<string | number, Reached<State>>([
    [model.stateKey(initial), { state: initial, from: undefined, changed: false }],
  ]);
  for (const position of order) {
    const { input: marked, output } = at(operations, position);
    if (marked.type === "entry") throw new RangeError("an order that begins in the middle");
    const isOptional = marked.type === "optional";
    const next = new Map<string | number, Reached<State>>();
    for (const [from, { state }] of present) {
      const put = (after: State, changed: boolean): void => {
        const key = model.stateKey(after);
        if (!next.has(key)) next.set(key, { state: after, from, changed });
      };
      if (isOptional) put(state, false);
      for (const after of model.step(state, marked.input, output)) put(project(after), isOptional);
    }
    if (next.size > MAX_STATES) return undefined;
    reached.push(next);
    present = next;
  }
  const effective: number[] = [];
  let key = [...present.keys()][0];
  for (let i = order.length - 1; i >= 0 && key !== undefined; i--) {
    const how = reached[i]?.get(key);
    if (how?.changed === true) effective.push(at(order, i));
    key = how?.from;
  }
  return effective;
}

const MAX_STATES = 1_000;

interface Reached<State> {
  readonly state: State;
  readonly from: string | number | undefined;
  readonly changed: boolean;
}
