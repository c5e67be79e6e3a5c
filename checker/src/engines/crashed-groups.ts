import { IMPOSSIBLE, SEVERAL, type States } from "../states.js";

/** Operations of one class that never returned: interchangeable, and used in order of call. */
export interface CrashedGroup {
  readonly operationClass: number;
  /** Those called, without those that every configuration has used. */
  readonly operations: number[];
  /** Of its count in the rows; -1: no configuration has used one of them and left another. */
  column: number;
}

/** The updates that were called and never returned: they may take effect at any time, or never. */
export class CrashedGroups {
  groups: CrashedGroup[] = [];
  readonly #states: States;
  readonly #byClass = new Map<number, CrashedGroup>();
  /** Of those that are no writes: what follows from where, see `reach`. */
  #conditional: CrashedGroup[] = [];
  readonly #reach = new Map<number, readonly number[]>();

  constructor(states: States) {
    this.#states = states;
  }

  add(operation: number, operationClass: number): void {
    const known = this.#byClass.get(operationClass);
    if (known !== undefined) {
      known.operations.push(operation);
      return;
    }
    const group: CrashedGroup = { operationClass, operations: [operation], column: -1 };
    this.#byClass.set(operationClass, group);
    this.groups.push(group);
    if (this.#states.overwrites(operationClass)) return;
    this.#conditional.push(group);
    this.#reach.clear();
  }

  /**
   * This state and all to which crashed operations that are no writes lead from there; undefined where there are no
   * such operations; empty where there are too many states to say.
   */
  reach(state: number): readonly number[] | undefined {
    if (this.#conditional.length === 0) return undefined;
    const known = this.#reach.get(state);
    if (known !== undefined) return known;
    const reached = new Set([state]);
    for (const from of reached) {
      for (const { operationClass } of this.#conditional) {
        const after = this.#states.step(operationClass, from);
        if (after === SEVERAL) for (const to of this.#states.next(operationClass, from)) reached.add(to);
        else if (after !== IMPOSSIBLE) reached.add(after);
      }
      if (reached.size > MAX_REACH) break;
    }
    const list = reached.size > MAX_REACH ? [] : [...reached];
    this.#reach.set(state, list);
    return list;
  }

  dropEmpty(): void {
    const isLeft = ({ operations }: CrashedGroup): boolean => operations.length > 0;
    if (this.groups.every(isLeft)) return;
    for (const group of this.groups) if (!isLeft(group)) this.#byClass.delete(group.operationClass);
    this.groups = this.groups.filter(isLeft);
    this.#conditional = this.#conditional.filter(isLeft);
    this.#reach.clear();
  }

  /** Their classes: none is that of an operation that returns. */
  inUse(): number[] {
    return this.groups.map(({ operationClass }) => operationClass);
  }

  /** After states and classes were numbered anew. */
  renumber(classes: Int32Array): void {
    this.groups = this.groups.map((group) => ({
      ...group,
      operationClass: classes[group.operationClass] as number,
    }));
    this.#byClass.clear();
    for (const group of this.groups) this.#byClass.set(group.operationClass, group);
    this.#conditional = this.groups.filter(({ operationClass }) => !this.#states.overwrites(operationClass));
    this.#reach.clear();
  }
}

const MAX_REACH = 64;
