import type { Model, RegisterView } from "./model.js";

type Hints<Input, Output> = Pick<Model<unknown, Input, Output>, "operationKey" | "register">;

/**
 * Which operations are of one class: those with the same `operationKey`, as long as either all returned or none did. Of
 * a register's reads and writes the values themselves are the keys: that takes a fifth of the time that texts take.
 */
export class ClassIds<Input, Output> {
  readonly #model: Hints<Input, Output>;
  readonly #register: RegisterView<Input, Output> | undefined;
  /** Of reads and writes of registers, and of other operations: those that returned, those that never did. */
  readonly #maps: readonly Map<unknown, number>[] = Array.from({ length: 6 }, () => new Map());

  constructor(model: Hints<Input, Output>) {
    this.#model = model;
    this.#register = model.operationKey === undefined ? undefined : model.register;
  }

  get size(): number {
    return this.#maps.reduce((sum, map) => sum + map.size, 0);
  }

  /**
   * The class of an operation; `add` is asked for the number of a new one. `output`: undefined if it never
   * returned.
   */
  of(
    input: Input,
    output: Output | undefined,
    add: (input: Input, output: Output | undefined) => number,
  ): number {
    const register = this.#register?.input(input);
    const never = output === undefined ? 1 : 0;
    let map = this.#maps[never] as Map<unknown, number>;
    let key: unknown;
    if (register?.f === "write") {
      map = this.#maps[2 + never] as Map<unknown, number>;
      key = register.value;
    } else if (register?.f === "read") {
      map = this.#maps[4 + never] as Map<unknown, number>;
      key = output === undefined ? undefined : this.#register?.output(output).value;
    } else {
      key = this.#model.operationKey?.(input, output);
      if (key === undefined) return add(input, output);
    }
    const known = map.get(key);
    if (known !== undefined) return known;
    const added = add(input, output);
    map.set(key, added);
    return added;
  }

  /** `renumbered`: by class, its new number; -1: forgotten. */
  renumber(renumbered: Int32Array): void {
    for (const map of this.#maps) {
      for (const [key, id] of map) {
        const kept = renumbered[id] as number;
        if (kept === -1) map.delete(key);
        else map.set(key, kept);
      }
    }
  }
}
