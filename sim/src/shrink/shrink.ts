import type { Failure, SimResult } from "../result.js";
import type { Scenario } from "../scenario.js";
import { EDITS, shorter } from "./edits.js";
import { shrinkFaults } from "./faults.js";

export interface ShrinkOptions {
  /** At most so many runs. */
  readonly tries: number;
  /** Runs one candidate; null: it is no scenario that can be run. Called one after another. */
  run(scenario: Scenario): Promise<SimResult | null>;
  /** No further run once it is true: what was found so far is the answer. */
  isOver?(): boolean;
  onTry?(progress: ShrinkProgress): void;
}

export interface ShrinkProgress {
  readonly tries: number;
  /** The smallest scenario that still fails. */
  readonly best: Scenario;
}

export interface Shrunk {
  readonly scenario: Scenario;
  /** Of that scenario: a failure of the same kind and name. */
  readonly result: SimResult;
  readonly tries: number;
  /** False: tries or time ended before nothing could be taken away any more. */
  readonly isMinimal: boolean;
}

/**
 * The scenario with the fewest faults and operations, the fewest nodes and the plainest network, disks and clocks that
 * this search finds to fail in the same way: by the same kind and name. It takes away one thing after another and keeps
 * what still fails, until nothing can be taken away. The same scenario on the same code shrinks to the same.
 */
export async function shrinkScenario(
  scenario: Scenario,
  result: SimResult & { readonly failure: Failure },
  options: ShrinkOptions,
): Promise<Shrunk> {
  const search = new Search(scenario, result, options);
  let before: Scenario | null = null;
  while (before !== search.best && !search.isOver) {
    before = search.best;
    await search.exhaust(shorter);
    await shrinkFaults(search);
    for (const edit of EDITS) await search.exhaust(edit);
  }
  const { best, bestResult, tries, isOver } = search;
  return { scenario: best, result: bestResult, tries, isMinimal: !isOver };
}

/** Simpler variants of a scenario, the simplest first. */
export type Edit = (scenario: Scenario, result: SimResult) => readonly Scenario[];

export class Search {
  best: Scenario;
  bestResult: SimResult;
  tries = 0;
  readonly #failure: Failure;
  readonly #options: ShrinkOptions;
  /** Candidates of former rounds that did not fail: what was tried once need not be tried again. */
  readonly #refuted = new Set<string>();

  constructor(scenario: Scenario, result: SimResult & { readonly failure: Failure }, options: ShrinkOptions) {
    this.best = scenario;
    this.bestResult = result;
    this.#failure = result.failure;
    this.#options = options;
  }

  get triesLeft(): number {
    return Math.max(0, this.#options.tries - this.tries);
  }

  get isOver(): boolean {
    return this.triesLeft === 0 || (this.#options.isOver?.() ?? false);
  }

  /** Whether the candidate fails in the same way; then it is the best from now on. */
  async accepts(candidate: Scenario): Promise<boolean> {
    const key = JSON.stringify(candidate);
    if (key === JSON.stringify(this.best)) return true;
    if (this.isOver || this.#refuted.has(key)) return false;
    this.tries += 1;
    const result = await this.#options.run(candidate);
    const isSame = result !== null && this.#isSame(result.failure);
    if (isSame) {
      this.best = candidate;
      this.bestResult = result;
    } else {
      this.#refuted.add(key);
    }
    this.#options.onTry?.({ tries: this.tries, best: this.best });
    return isSame;
  }

  /** Makes an edit as often as its outcome still fails. */
  async exhaust(edit: Edit): Promise<void> {
    let isSmaller = true;
    while (isSmaller && !this.isOver) {
      isSmaller = false;
      for (const candidate of edit(this.best, this.bestResult)) {
        isSmaller = await this.accepts(candidate);
        if (isSmaller) break;
      }
    }
  }

  #isSame(failure: Failure | null): boolean {
    return failure !== null && failure.kind === this.#failure.kind && failure.name === this.#failure.name;
  }
}
