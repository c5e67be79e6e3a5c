import type { States } from "../states.js";
import type { ConfigurationSet, Layout } from "./configurations.js";
import type { CrashedGroup, CrashedGroups } from "./crashed-groups.js";

/**
 * Changes the layout of rows as they are: more bits, a count for a crashed group that a configuration is about to use,
 * none for one in which the configurations do not differ any more. Each method returns, by integer of a new row, the one of an old
 * row that it took, or -1: it is 0.
 */
export class Columns {
  readonly #layout: Layout;
  readonly #states: States;
  readonly #crashed: CrashedGroups;
  readonly #sets: readonly ConfigurationSet[];

  constructor(layout: Layout, states: States, crashed: CrashedGroups, sets: readonly ConfigurationSet[]) {
    this.#layout = layout;
    this.#states = states;
    this.#crashed = crashed;
    this.#sets = sets;
  }

  /** Room for more open operations. */
  widen(words: number): readonly number[] {
    const { words: before, countsAt, stride } = this.#layout;
    const bits = (from: number): number[] =>
      Array.from({ length: words }, (_, i) => (i < before ? from + i : -1));
    this.#layout.words = words;
    return this.#change([0, ...bits(1), ...bits(1 + before), ...range(countsAt, stride)], stride);
  }

  /** Also in the midst of a return. */
  add(group: CrashedGroup): readonly number[] {
    const { stride, countsAt } = this.#layout;
    group.column = stride - countsAt;
    return this.#change([...range(0, stride), -1], stride);
  }

  /**
   * Forgets crashed operations that all configurations of `current` have used, and counts that are the same in all. Undefined: the
   * layout stays.
   */
  drop({ rows, count }: ConfigurationSet): readonly number[] | undefined {
    const { stride, countsAt } = this.#layout;
    if (stride === countsAt) return undefined;
    for (const group of this.#crashed.groups) {
      if (group.column === -1) continue;
      let [least, most] = [Number.POSITIVE_INFINITY, 0];
      for (let at = countsAt + group.column; at < count * stride; at += stride) {
        least = Math.min(least, rows[at] as number);
        most = Math.max(most, rows[at] as number);
      }
      group.operations.splice(0, least);
      for (let at = countsAt + group.column; at < count * stride; at += stride)
        rows[at] = (rows[at] as number) - least;
      if (least === most) group.column = -1;
    }
    this.#crashed.dropEmpty();
    const kept = this.#crashed.groups.filter(({ column }) => column !== -1);
    if (kept.length === stride - countsAt) return undefined;
    const sources = [...range(0, countsAt), ...kept.map(({ column }) => countsAt + column)];
    kept.forEach((group, column) => (group.column = column));
    return this.#change(sources, stride);
  }

  #change(sources: readonly number[], oldStride: number): readonly number[] {
    const columns: CrashedGroup[] = [];
    for (const group of this.#crashed.groups) if (group.column !== -1) columns[group.column] = group;
    const classes = columns.map(({ operationClass }) => operationClass);
    // One level only: what stands in for others needs no stand-in itself.
    const isTop = classes.map((special) =>
      classes.every((general) => !this.#states.covers(general, special)),
    );
    this.#layout.setColumns(
      classes.map((special) =>
        classes.findIndex(
          (general, column) => isTop[column] === true && this.#states.covers(general, special),
        ),
      ),
    );
    for (const set of this.#sets) set.relayout(oldStride, sources);
    return sources;
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
