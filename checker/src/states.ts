import type { Model } from "./model.js";
import { at, ModelError } from "./operation.js";

/** One kind of operation: all that `step` looks at. */
export interface OperationClass<Input, Output> {
  readonly input: Input;
  readonly output: Output | undefined;
  /** Never changes the state. */
  readonly readOnly: boolean;
  /** Always possible, and the state after it is the same whatever it was before: a write. */
  readonly overwrites: boolean;
}

export function classOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  input: Input,
  output: Output | undefined,
): OperationClass<Input, Output> {
  return {
    input,
    output,
    readOnly: model.readOnly?.(input, output) ?? false,
    overwrites: model.overwrites?.(input) ?? model.register?.input(input).f === "write",
  };
}

/** What `step` answers where there is no one state after. */
export const IMPOSSIBLE = -1;
export const SEVERAL = -2;

/**
 * The model's states and kinds of operations as small integers, and its steps. A step is computed when first needed and
 * kept in a table of bounded size, where it may make way for another: what is asked again is at hand, and memory
 * does not grow with the history.
 */
export class States {
  #initial: number;
  readonly #model: Model<unknown, unknown, unknown>;
  #classes: OperationClass<unknown, unknown>[];
  readonly #project: ((state: unknown) => unknown) | undefined;
  #states: unknown[] = [];
  #ids = new Map<string | number, number>();
  /** By class: the state after it, once known, where it overwrites; else -1. */
  #constants: number[];
  #unconfirmed: number[];
  /** Class, state, state after: by a hash of the first two, compared in full. */
  #steps = new Int32Array(3 * FIRST_STEPS).fill(-1);
  /** Steps that made way for others since the table grew. */
  #displaced = 0;
  /** Rare: what #steps has no room for. */
  readonly #several = new Map<number, readonly number[]>();
  readonly #singles: (readonly number[])[] = [];

  private constructor(
    model: Model<unknown, unknown, unknown>,
    classes: readonly OperationClass<unknown, unknown>[],
    project: ((state: unknown) => unknown) | undefined,
  ) {
    this.#model = model;
    this.#classes = [...classes];
    this.#constants = classes.map(() => -1);
    this.#unconfirmed = classes.map(() => -1);
    this.#project = project;
    this.#initial = this.#intern(model.init());
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

  get initial(): number {
    return this.#initial;
  }

  get count(): number {
    return this.#states.length;
  }

  get classCount(): number {
    return this.#classes.length;
  }

  /** Of the table of steps, and an estimate for the rest. */
  get bytes(): number {
    return 4 * this.#steps.length + 128 * (this.#states.length + this.#classes.length);
  }

  addClass(input: unknown, output: unknown): number {
    const added = classOf(this.#model, input, output);
    this.#constants.push(-1);
    this.#unconfirmed.push(-1);
    return this.#classes.push(added) - 1;
  }

  describe(state: number): string {
    return this.#model.describeState(this.#states[state]);
  }

  isReadOnly(operationClass: number): boolean {
    return (this.#classes[operationClass] as OperationClass<unknown, unknown>).readOnly;
  }

  overwrites(operationClass: number): boolean {
    return (this.#classes[operationClass] as OperationClass<unknown, unknown>).overwrites;
  }

  /** `model.covers`, of two classes that never returned. */
  covers(general: number, special: number): boolean {
    if (general === special || this.#model.covers === undefined) return false;
    return this.#model.covers(at(this.#classes, general).input, at(this.#classes, special).input);
  }

  /** The state after an operation of this class, or IMPOSSIBLE, or SEVERAL: then `next` has them. */
  step(operationClass: number, state: number): number {
    const constant = this.#constants[operationClass] as number;
    if (constant >= 0) return constant;
    const place = this.#place(operationClass, state);
    if (this.#steps[place] === operationClass && this.#steps[place + 1] === state)
      return this.#steps[place + 2] as number;
    return this.#compute(operationClass, state);
  }

  /** The states after an operation of this class; empty if its answer is impossible in this state. */
  next(operationClass: number, state: number): readonly number[] {
    const after = this.step(operationClass, state);
    if (after === IMPOSSIBLE) return NONE;
    if (after === SEVERAL) return this.#several.get(operationClass * 2 ** 26 + state) as readonly number[];
    return (this.#singles[after] ??= [after]);
  }

  /**
   * Forgets all states and classes but these and the initial state, and numbers them anew; returns
   * the new numbers by old ones.
   */
  keep(states: readonly number[], classes: readonly number[]): { states: Int32Array; classes: Int32Array } {
    const newStates = new Int32Array(this.#states.length).fill(-1);
    const kept: unknown[] = [];
    for (const state of states) newStates[state] = kept.push(this.#states[state]) - 1;
    const newClasses = new Int32Array(this.#classes.length).fill(-1);
    const keptClasses = classes.map((kind, place) => {
      newClasses[kind] = place;
      return at(this.#classes, kind);
    });
    this.#states = kept;
    this.#ids = new Map(kept.map((state, id) => [this.#model.stateKey(state), id]));
    this.#classes = keptClasses;
    this.#constants = keptClasses.map(() => -1);
    this.#unconfirmed = keptClasses.map(() => -1);
    this.#steps.fill(-1);
    this.#several.clear();
    this.#singles.length = 0;
    this.#initial = this.#intern(this.#model.init());
    return { states: newStates, classes: newClasses };
  }

  #place(operationClass: number, state: number): number {
    const hash = Math.imul(operationClass, 0x9e3779b1) + Math.imul(state, 0x85ebca6b);
    return 3 * ((hash ^ (hash >>> 15)) & (this.#steps.length / 3 - 1));
  }

  #compute(operationClass: number, state: number): number {
    const { input, output, readOnly, overwrites } = this.#classes[operationClass] as OperationClass<
      unknown,
      unknown
    >;
    const before = this.#states[state];
    const reached = this.#step(before, input, output);
    const after = this.#summarize(operationClass, state, reached, before);
    if (readOnly && after !== IMPOSSIBLE && after !== state) {
      const operation = this.#model.describeOperation(input, output);
      throw new ModelError(this.#model.name, `"${operation}" is said to be read-only but changed the state`);
    }
    if (overwrites) this.#confirm(operationClass, after);
    this.#remember(operationClass, state, after);
    return after;
  }

  /** A model's own error says nothing of where it was: this does. */
  #step(before: unknown, input: unknown, output: unknown): readonly unknown[] {
    let reached: unknown;
    try {
      reached = this.#model.step(before, input, output);
    } catch (error) {
      if (error instanceof ModelError) throw error;
      const what = error instanceof Error ? error.message : String(error);
      const problem = `step failed for "${this.#describe(input, output)}": ${what}`;
      throw new ModelError(this.#model.name, problem, error);
    }
    if (Array.isArray(reached)) return reached;
    const problem = `step returned ${kindOf(reached)} and no list for "${this.#describe(input, output)}"`;
    throw new ModelError(this.#model.name, problem);
  }

  #describe(input: unknown, output: unknown): string {
    try {
      return this.#model.describeOperation(input, output);
    } catch {
      return "an operation that it cannot describe";
    }
  }

  /** Once two states have said the same, it is not computed again. */
  #confirm(operationClass: number, after: number): void {
    const before = this.#unconfirmed[operationClass] as number;
    if (after < 0 || (before !== -1 && before !== after)) {
      const { input, output } = at(this.#classes, operationClass);
      const operation = this.#model.describeOperation(input, output);
      throw new ModelError(
        this.#model.name,
        `"${operation}" is said to overwrite, but is not always possible, or leads to what depends on the state before`,
      );
    }
    if (before === -1) this.#unconfirmed[operationClass] = after;
    else this.#constants[operationClass] = after;
  }

  #summarize(operationClass: number, state: number, reached: readonly unknown[], before: unknown): number {
    if (reached.length === 0) return IMPOSSIBLE;
    if (reached.length === 1) return reached[0] === before ? state : this.#intern(reached[0]);
    const ids = [...new Set(reached.map((next) => this.#intern(next)))];
    if (ids.length === 1) return ids[0] as number;
    // Not displaced ever: #steps may forget that there are several, but they are found again.
    this.#several.set(operationClass * 2 ** 26 + state, ids);
    return SEVERAL;
  }

  #remember(operationClass: number, state: number, after: number): void {
    let place = this.#place(operationClass, state);
    if (this.#steps[place] !== -1 && ++this.#displaced > this.#steps.length / 3) {
      this.#displaced = 0;
      if (this.#steps.length < 3 * MAX_STEPS) {
        this.#steps = new Int32Array(this.#steps.length * 4).fill(-1);
        place = this.#place(operationClass, state);
      }
    }
    this.#steps[place] = operationClass;
    this.#steps[place + 1] = state;
    this.#steps[place + 2] = after;
  }

  #intern(reached: unknown): number {
    const state = this.#project === undefined ? reached : this.#project(reached);
    const key = this.#model.stateKey(state);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    // Any other key would make states the same that are not, or keep apart those that are.
    if (typeof key !== "string" && (typeof key !== "number" || Number.isNaN(key)))
      throw new ModelError(this.#model.name, `stateKey returned ${String(key)}, not a string or a number`);
    const id = this.#states.push(state) - 1;
    this.#ids.set(key, id);
    return id;
  }
}

/** A string has a length and items too, and its letters would be taken for states. */
function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value instanceof Promise) return "a promise";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const NONE: readonly number[] = [];
const FIRST_STEPS = 2 ** 6;
const MAX_STEPS = 2 ** 13;
