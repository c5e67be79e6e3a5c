import type { Model } from "./model.js";
import { at, ModelError } from "./operation.js";

/** One kind of operation: all that `step` looks at. */
export interface OperationClass<Input, Output> {
  readonly input: Input;
  readonly output: Output | undefined;
  readonly readOnly: boolean;
}

/** The model's states as small integers, and its steps as a table filled when first needed. */
export class States<State, Input, Output> {
  readonly initial: number;
  readonly #model: Model<State, Input, Output>;
  readonly #classes: readonly OperationClass<Input, Output>[];
  readonly #states: State[] = [];
  readonly #ids = new Map<string | number, number>();
  /** By class: by state: the states after it. */
  readonly #steps: (readonly number[] | undefined)[][];

  constructor(model: Model<State, Input, Output>, classes: readonly OperationClass<Input, Output>[]) {
    this.#model = model;
    this.#classes = classes;
    this.#steps = classes.map(() => []);
    this.initial = this.#intern(model.init());
  }

  /** The states after an operation of this class; empty if its answer is impossible in this state. */
  next(operationClass: number, state: number): readonly number[] {
    const steps = at(this.#steps, operationClass);
    return steps[state] ?? this.#compute(steps, operationClass, state);
  }

  #compute(
    steps: (readonly number[] | undefined)[],
    operationClass: number,
    state: number,
  ): readonly number[] {
    const { input, output, readOnly } = at(this.#classes, operationClass);
    const after = this.#model.step(at(this.#states, state), input, output);
    const ids = [...new Set(after.map((next) => this.#intern(next)))];
    if (readOnly && ids.some((id) => id !== state)) {
      const operation = this.#model.describeOperation(input, output);
      throw new ModelError(this.#model.name, `"${operation}" is said to be read-only but changed the state`);
    }
    steps[state] = ids;
    return ids;
  }

  #intern(state: State): number {
    const key = this.#model.stateKey(state);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#states.push(state) - 1;
    this.#ids.set(key, id);
    return id;
  }
}
