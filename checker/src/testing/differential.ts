import { checkOperations } from "../check.js";
import { ENGINE_NAMES, type EngineName } from "../engine.js";
import type { Model } from "../model.js";
import { at } from "../operation.js";
import { type Partition, partitionByKey } from "../partition.js";
import type { PartitionResult } from "../result.js";
import { StreamingChecker } from "../stream.js";
import { orderEvents } from "../timeline.js";
import { verifyWitness } from "../witness.js";
import { isLinearizable, upToReturn, withoutHooks } from "./oracle.js";
import type { AnyOperation } from "./histories.js";

type AnyModel = Model<unknown, unknown, unknown>;

/** Searching engines decide everything; the others say so where they cannot. */
const SEARCHING: readonly EngineName[] = ["frontier", "depth-first"];

/** What engines said of small histories, beside what is true. */
export class Differential {
  legal = 0;
  illegal = 0;
  /** By engine: partitions that it decided itself. */
  readonly decided = new Map<EngineName, number>();
  /** Where an engine and the definition disagree, or the evidence does not hold; with the history. */
  readonly wrong: string[] = [];

  /** Every engine, with the model's hooks and, where they do not need any, without; and the streaming checker. */
  compareAll(model: AnyModel, history: readonly AnyOperation[]): void {
    const truth = new Truth(model, history);
    if (truth.legal) this.legal++;
    else this.illegal++;
    for (const engine of [...ENGINE_NAMES, "auto"] as const) this.compare(model, truth, engine);
    for (const engine of SEARCHING) this.compare(withoutHooks(model), truth, engine);
    this.compareStream(model, truth);
  }

  /** The history as it would have been recorded, calls before returns of the same time. */
  compareStream(model: AnyModel, truth: Truth): void {
    const blame = (problem: string): void => {
      this.wrong.push(`stream, model ${model.name}: ${problem}: ${JSON.stringify(truth.history)}`);
    };
    const stream = new StreamingChecker(model);
    const called: number[] = [];
    for (const event of orderEvents(truth.history).events) {
      const process = event >> 1;
      const { input, output, return: returned } = at(truth.history, process);
      if ((event & 1) === 1) stream.push({ type: "ok", process, output });
      else {
        called.push(process);
        stream.push({ type: "invoke", process, input });
        // That others never return is clear at the end only.
        if (returned === undefined && process % 2 === 0) stream.push({ type: "info", process });
      }
    }
    const found = new Map(stream.end().partitions.map((result) => [result.key, result]));
    for (const { key, legal, failedAt } of truth.partitions) {
      const result = found.get(key);
      const position = result?.verdict === "illegal" ? called[result.failedAt.position] : undefined;
      if (result?.verdict !== (legal ? "ok" : "illegal")) blame(`said ${result?.verdict} of key "${key}"`);
      else if (position !== failedAt) blame(`said that it fails at ${position}, not ${failedAt}`);
    }
  }

  compare(model: AnyModel, truth: Truth, engine: EngineName | "auto"): void {
    const blame = (problem: string): void => {
      this.wrong.push(`${engine}, model ${model.name}: ${problem}: ${JSON.stringify(truth.history)}`);
    };
    try {
      const { partitions } = checkOperations(model, truth.history, { engine, verifyWitness: true });
      if (partitions.length !== truth.partitions.length) blame(`${partitions.length} partitions`);
      for (const [i, result] of partitions.entries()) {
        if (result.verdict === "unknown" && engine !== "auto" && !SEARCHING.includes(engine)) continue;
        this.decided.set(result.engine, (this.decided.get(result.engine) ?? 0) + 1);
        const problem = at(truth.partitions, i).problemOf(result);
        if (problem !== undefined) blame(problem);
      }
    } catch (error) {
      blame(String(error));
    }
  }
}

/** What is true of a history, by the definition alone. */
export class Truth {
  readonly history: readonly AnyOperation[];
  readonly legal: boolean;
  readonly partitions: readonly PartitionTruth[];

  constructor(model: AnyModel, history: readonly AnyOperation[]) {
    this.history = history;
    this.legal = isLinearizable(model, history);
    this.partitions = partitionByKey(model, history).map(
      (partition) => new PartitionTruth(withoutHooks(model), partition),
    );
    // Horn and Kroening: a history is linearizable exactly if that of each object is.
    if (this.legal !== this.partitions.every(({ legal }) => legal))
      throw new Error(`the whole is not as its parts: ${JSON.stringify(history)}`);
  }
}

class PartitionTruth {
  readonly key: string;
  readonly legal: boolean;
  readonly #model: AnyModel;
  readonly #operations: readonly AnyOperation[];
  readonly #positions: readonly number[];
  #failedAt: number | undefined;

  constructor(model: AnyModel, { key, operations, positions }: Partition<unknown, unknown>) {
    this.key = key;
    this.#model = model;
    this.#operations = operations;
    this.#positions = positions;
    this.legal = isLinearizable(model, operations);
  }

  /** The operation (of the whole history) at whose return it became illegal; undefined: it is legal. */
  get failedAt(): number | undefined {
    if (this.legal) return undefined;
    this.#failedAt ??= at(this.#positions, this.#firstFailure());
    return this.#failedAt;
  }

  /** What is wrong with a verdict or its evidence; undefined: nothing. */
  problemOf(result: PartitionResult): string | undefined {
    if (result.verdict === "unknown") return `unknown: ${result.reason}`;
    if ((result.verdict === "ok") !== this.legal) return `said ${result.verdict}`;
    if (result.verdict === "ok") return this.#orderProblem(result.witness, false);
    if (result.failedAt !== this.failedAt)
      return `said that it fails at ${result.failedAt}, not ${this.failedAt}`;
    if (result.possibleStates.length === 0 || result.possibleStateCount < result.possibleStates.length)
      return `gave ${result.possibleStates.length} of ${result.possibleStateCount} states`;
    const end = this.#operations[this.#positions.indexOf(result.failedAt)]?.return ?? Number.NaN;
    const missing = this.#operations.findIndex(
      ({ return: returned }, i) =>
        returned !== undefined && returned < end && !result.partialOrder.includes(at(this.#positions, i)),
    );
    if (missing !== -1) return `operation ${missing} had returned but is not in the partial order`;
    if (result.partialOrder.includes(result.failedAt)) return "the partial order holds what has no place";
    return this.#orderProblem(result.partialOrder, true);
  }

  #orderProblem(order: readonly number[], partial: boolean): string | undefined {
    const local = order.map((position) => this.#positions.indexOf(position));
    const verdict = verifyWitness(this.#model, this.#operations, local, { partial });
    return verdict.valid ? undefined : `the order ${JSON.stringify(order)} fails: ${verdict.problem}`;
  }

  #firstFailure(): number {
    const returns = [...this.#operations.keys()]
      .filter((i) => this.#operations[i]?.return !== undefined)
      .toSorted((a, b) => (this.#operations[a]?.return ?? 0) - (this.#operations[b]?.return ?? 0) || a - b);
    // What is illegal stays so: the first is found by halving.
    let low = 0;
    let high = returns.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const soFar = upToReturn(this.#operations, at(returns, middle), true);
      if (isLinearizable(this.#model, soFar)) low = middle + 1;
      else high = middle;
    }
    return at(returns, low);
  }
}
