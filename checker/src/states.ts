import type { Model } from "./model.js";
import { at, ModelError } from "./operation.js";

/** One kind of operation: all that `step` looks at. */
export interface OperationClass<Input, Output> {
  readonly input: Input;
  readonly output: Output | undefined;
  readonly readOnly: boolean;
}

/** The model's states as small integers, and its steps as a table filled when first needed. */
export class States {
  readonly initial: number;
  readonly #model: Model<unknown, unknown, unknown>;
  readonly #classes: readonly OperationClass<unknown, unknown>[];
  readonly #project: ((state: unknown) => unknown) | undefined;
  readonly #states: unknown[] = [];
  readonly #ids = new Map<string | number, number>();
  /** By class: by state: the states after it. */
  readonly #steps: (readonly number[] | undefined)[][];

  private constructor(
    model: Model<unknown, unknown, unknown>,
    classes: readonly OperationClass<unknown, unknown>[],
    project: ((state: unknown) => unknown) | undefined,
  ) {
    this.#model = model;
    this.#classes = classes;
    this.#project = project;
    this.#steps = classes.map(() => []);
    this.initial = this.#intern(model.init());
  }

  /** `project`: what `model.project` made for these operations. */
  static of<State, Input, Output>(
    model: Model<State, Input, Output>,
    classes: readonly OperationClass<Input, Output>[],
    project?: (state: State) => State,
  ): States {
    // The types have done their work: states of this model go to this model alone.
    return new States(
      model as unknown as Model<unknown, unknown, unknown>,
      classes,
      project as ((state: unknown) => unknown) | undefined,
    );
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

  #intern(reached: unknown): number {
    const state = this.#project === undefined ? reached : this.#project(reached);
    const key = this.#model.stateKey(state);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#states.push(state) - 1;
    this.#ids.set(key, id);
    return id;
  }
}
