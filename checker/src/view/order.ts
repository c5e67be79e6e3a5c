import type { Model } from "../model.js";
import { at, type Operation } from "../operation.js";
import { shorten } from "./texts.js";

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
/** Characters of described states for one order, before each is shortened. */
export const STATE_TEXT_ALLOWED = 4_000_000;
const STEPS_ALWAYS_DESCRIBED = 50;

/**
 * Goes through a legal order of one partition. `end`: which end of the order matters most, so that its states are
 * described rather than others; `textAllowed`: so many characters of them. Linear in the partition, but for the
 * model's own work. No more than one step's states are held at a time, for those of a long list are long.
 */
export function replayOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  positions: readonly number[],
  order: readonly number[],
  end: "first" | "last",
  textAllowed = STATE_TEXT_ALLOWED,
): ReplayedOrder {
  let left = textAllowed;
  const described: string[] = [];
  const last = walk(model, operations, order, (states) => {
    if (end === "last" || left <= 0) return;
    const text = describeStates(model, states);
    left -= text.length;
    described.push(shorten(text, STATE_LENGTH));
  });
  const others = next(model, operations, positions, order, last);
  if (end === "first") return { states: order.map((_, step) => described[step]), ...others };
  const length = Math.max(describeStates(model, last).length, 1);
  const from = order.length - Math.max(Math.floor(textAllowed / length), STEPS_ALWAYS_DESCRIBED);
  const states: (string | undefined)[] = [];
  walk(model, operations, order, (after) =>
    states.push(states.length < from ? undefined : shorten(describeStates(model, after), STATE_LENGTH)),
  );
  return { states, ...others };
}

/** The states after the last step. */
function walk<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  order: readonly number[],
  see: (states: readonly State[]) => void,
): readonly State[] {
  let states: readonly State[] = [model.init()];
  for (const position of order) {
    states = step(model, states, at(operations, position));
    if (states.length === 0) throw new RangeError(`the order is not legal at operation ${position}`);
    see(states);
  }
  return states;
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

function describeStates<State, Input, Output>(
  model: Model<State, Input, Output>,
  states: readonly State[],
): string {
  const more = states.length > STATES_NAMED ? ` or ${states.length - STATES_NAMED} more` : "";
  const named = states.slice(0, STATES_NAMED).map((state) => model.describeState(state));
  return named.join(" or ") + more;
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
