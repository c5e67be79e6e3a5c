import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import type { PartitionIllegal } from "../result.js";
import { minimize, type MinimalHistory, type MinimizeOptions } from "./minimal.js";

export interface Explanation extends MinimalHistory {
  /** The operation whose return left no order. */
  readonly failedAt: number;
  /** Why, for somebody who reads it once. */
  readonly sentence: string;
}

/**
 * The smallest part of the history that is illegal, and why in a sentence. A few hundred checks of ever smaller
 * parts.
 */
export function explain<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  violation: PartitionIllegal,
  options: MinimizeOptions = {},
): Explanation {
  const minimal = minimize(model, operations, violation, options);
  const sentence = new Words(model, operations, violation.failedAt, minimal).sentence();
  return { ...minimal, failedAt: violation.failedAt, sentence };
}

class Words<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #failed: number;
  readonly #others: readonly number[];
  readonly #optional: readonly number[];

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    failed: number,
    { required, optional }: MinimalHistory,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#failed = failed;
    this.#others = required.filter((other) => other !== failed);
    this.#optional = optional;
  }

  sentence(): string {
    const failed = `no order explains ${this.#name(this.#failed)}`;
    const latestFirst = this.#others.toSorted((a, b) => this.#end(b) - this.#end(a));
    const before = latestFirst.filter((other) => this.#precedes(other, this.#failed));
    const beside = latestFirst.filter((other) => !before.includes(other));
    const clauses: string[] = [];
    if (before.length > 0) clauses.push(`before it began, ${this.#chain(before)} had been answered`);
    if (beside.length > 0)
      clauses.push(`${this.#chain(beside)} ${beside.length > 1 ? "were" : "was"} under way`);
    const over = this.#optional.filter((one) => this.#precedes(one, this.#failed));
    const open = this.#optional.filter((one) => !over.includes(one));
    if (over.length > 0) clauses.push(`${this.#list(over)} ${over.length > 1 ? "were" : "was"} over by then`);
    if (open.length > 0)
      clauses.push(`${this.#list(open)} may have taken effect, which does not make up for it`);
    if (clauses.length === 0)
      return `${failed}: nothing that was called before it returned could have led to it`;
    return `${failed}: ${clauses.join("; ")}`;
  }

  #list(operations: readonly number[]): string {
    return this.#several(operations.map((one) => this.#name(one)));
  }

  /** Latest first: what came just before is what contradicts; "after" where the order is certain. */
  #chain(latestFirst: readonly number[]): string {
    return this.#several(
      latestFirst.map((one, i) =>
        i > 0 && this.#precedes(one, at(latestFirst, i - 1)) ? `after ${this.#name(one)}` : this.#name(one),
      ),
    );
  }

  #several(names: readonly string[]): string {
    const more = names.length - NAMED;
    const shown = names.slice(0, more > 1 ? NAMED : names.length);
    const joined = shown.map((name, i) => (i === 0 || name.startsWith("after ") ? name : `and ${name}`));
    return `${joined.join(" ")}${more > 1 ? ` and ${more} others` : ""}`;
  }

  #precedes(one: number, other: number): boolean {
    return this.#end(one) < at(this.#operations, other).call;
  }

  #end(operation: number): number {
    return at(this.#operations, operation).return ?? Number.POSITIVE_INFINITY;
  }

  #name(operation: number): string {
    const { input, output, process, id } = at(this.#operations, operation);
    return `the ${this.#model.describeOperation(input, output)} (operation ${id ?? operation}, process ${process})`;
  }
}

/** Operations of a kind that are named in a sentence. */
const NAMED = 6;
