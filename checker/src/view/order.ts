import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";

/** What the object was in after each step of an order, and what could have come after its last step. */
export interface ReplayedOrder {
  /** By step, described; undefined where the text allowed was used up. */
  readonly states: readonly (string | undefined)[];
  /** Operations not in the order, called before any other such one returned, whose answer is impossible. */
  readonly illegalNext: readonly number[];
  /** The same, whose answer is possible. */
  readonly possibleNext: readonly number[];
}

const STATES_NAMED = 4;
const STATE_LENGTH = 200;
/** Characters of described states for one order: about 4 MB of text at most. */
const TEXT_ALLOWED = 4_000_000;

/**
 * Goes through a legal order of one partition. `end`: which end of the order matters most, so that its states are
 * described first. Linear in the partition, but for the model's own work.
 */
export function replayOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  positions: readonly number[],
  order: readonly number[],
  end: "first" | "last",
): ReplayedOrder {
  const after: (readonly State[])[] = [];
  let states: readonly State[] = [model.init()];
  for (const position of order) {
    states = step(model, states, at(operations, position));
    if (states.length === 0) throw new RangeError(`the order is not legal at operation ${position}`);
    after.push(states);
  }
  return { states: describeAll(model, after, end), ...next(model, operations, positions, order, states) };
}

function step<State, Input, Output>(
  model: Model<State, Input, Output>,
  states: readonly State[],
  { input, output }: Operation<Input, Output>,
): readonly State[] {
  const after = states.flatMap((state) => model.step(state, input, output));
  if (after.length < 2) return after;
  return [...new Map(after.map((state) => [model.stateKey(state), state])).values()];
}

function describeAll<State, Input, Output>(
  model: Model<State, Input, Output>,
  after: readonly (readonly State[])[],
  end: "first" | "last",
): (string | undefined)[] {
  const texts: (string | undefined)[] = after.map(() => undefined);
  let left = TEXT_ALLOWED;
  for (let i = 0; i < after.length && left > 0; i++) {
    const index = end === "first" ? i : after.length - 1 - i;
    const states = at(after, index);
    const described = states.slice(0, STATES_NAMED).map((state) => model.describeState(state));
    for (const text of described) left -= text.length;
    const more = states.length > STATES_NAMED ? ` or ${states.length - STATES_NAMED} more` : "";
    texts[index] = described.map((text) => shorten(text, STATE_LENGTH)).join(" or ") + more;
  }
  return texts;
}

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function next<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  positions: readonly number[],
  order: readonly number[],
  states: readonly State[],
): { illegalNext: number[]; possibleNext: number[] } {
  const used = new Set(order);
  const open = positions.filter((position) => !used.has(position));
  const firstReturn = open.reduce(
    (first, position) => Math.min(first, at(operations, position).return ?? Number.POSITIVE_INFINITY),
    Number.POSITIVE_INFINITY,
  );
  const illegalNext: number[] = [];
  const possibleNext: number[] = [];
  for (const position of open) {
    const operation = at(operations, position);
    if (operation.call > firstReturn) continue;
    const possible = step(model, states, operation).length > 0;
    (possible ? possibleNext : illegalNext).push(position);
  }
  return { illegalNext, possibleNext };
}
