import type { Model } from "./model.js";
import { at, type Operation } from "./operation.js";
import { classOf, type OperationClass, States } from "./states.js";
import type { Timeline } from "./timeline.js";

/** One partition of a history, in the terms of the searching engines: everything is a small integer. */
export interface Problem {
  /** Kind of each operation; what `States.next` takes. */
  readonly classes: Int32Array;
  /** By operation: 1 if it never changes the state. */
  readonly readOnly: Uint8Array;
  /**
   * As in Timeline, without the calls of operations that say nothing: those that never returned and never
   * change the state.
   */
  readonly events: Int32Array;
  /** Place of each operation's return among the timeline's events (not these); -1: never returned. */
  readonly returnAt: Int32Array;
  readonly returns: number;
  /** The bit that stands for an operation while it is open; -1: never returned. */
  readonly slots: Int32Array;
  readonly slotCount: number;
  /** Groups of interchangeable operations that never returned, each in order of call. */
  readonly crashedGroups: readonly (readonly number[])[];
  /** By group: another group whose operations can stand in for its own, and that has none itself; or -1. */
  readonly coveredBy: Int32Array;
  /** The group of each operation; -1: it returned, or says nothing. */
  readonly crashedGroup: Int32Array;
  readonly states: States;
}

export function prepare<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  timeline: Timeline,
): Problem {
  const { returnAt, returns } = timeline;
  const inputs = model.simplify?.(operations);
  const { kinds, classes } = classify(model, operations, inputs);
  const readOnly = Uint8Array.from(classes, (kind) => (at(kinds, kind).readOnly ? 1 : 0));
  const events = timeline.events.filter((event) => returnAt[event >> 1] !== -1 || readOnly[event >> 1] === 0);
  const crashed = groupCrashed(operations.length, classes, events, returnAt);
  const simplified: readonly { readonly input: Input; readonly output?: Output | undefined }[] =
    inputs === undefined ? operations : operations.map(({ output }, i) => ({ input: at(inputs, i), output }));
  let coveredBy: Int32Array | undefined;
  return {
    classes,
    readOnly,
    events,
    returnAt,
    returns,
    ...assignSlots(operations.length, events, returnAt),
    ...crashed,
    get coveredBy() {
      return (coveredBy ??= findCovers(
        model,
        crashed.crashedGroups.map((group) => at(simplified, at(group, 0)).input),
      ));
    },
    states: States.of(model, kinds, model.project?.(simplified)),
  };
}

function classify<State, Input, Output>(
  model: Model<State, Input, Output>,
  ops: readonly Operation<Input, Output>[],
  inputs: readonly Input[] | undefined,
): { kinds: OperationClass<Input, Output>[]; classes: Int32Array } {
  const kinds: OperationClass<Input, Output>[] = [];
  const ids = new Map<string, number>();
  const classes = Int32Array.from(ops, (operation, i) => {
    const { output, return: returned } = operation;
    const input = inputs === undefined ? operation.input : at(inputs, i);
    const key = model.operationKey?.(input, output);
    // Returned or not is part of the key, whatever the model says.
    const fullKey = key === undefined ? undefined : `${returned === undefined ? "?" : "="}${key}`;
    const known = fullKey === undefined ? undefined : ids.get(fullKey);
    if (known !== undefined) return known;
    const id = kinds.push(classOf(model, input, output)) - 1;
    if (fullKey !== undefined) ids.set(fullKey, id);
    return id;
  });
  return { kinds, classes };
}

/** Open operations get distinct bits, which are used again: as many as were ever open together. */
function assignSlots(
  count: number,
  events: Int32Array,
  returnAt: Int32Array,
): { slots: Int32Array; slotCount: number } {
  const slots = new Int32Array(count).fill(-1);
  const free: number[] = [];
  let slotCount = 0;
  for (const event of events) {
    const op = event >> 1;
    if (returnAt[op] === -1) continue;
    if ((event & 1) === 1) free.push(slots[op] as number);
    else slots[op] = free.pop() ?? slotCount++;
  }
  return { slots, slotCount };
}

function groupCrashed(
  count: number,
  classes: Int32Array,
  events: Int32Array,
  returnAt: Int32Array,
): { crashedGroups: number[][]; crashedGroup: Int32Array } {
  const crashedGroups: number[][] = [];
  const crashedGroup = new Int32Array(count).fill(-1);
  const groupOfClass = new Map<number, number>();
  for (const event of events) {
    const op = event >> 1;
    if (returnAt[op] !== -1) continue;
    const kind = classes[op] as number;
    const group = groupOfClass.get(kind) ?? crashedGroups.push([]) - 1;
    groupOfClass.set(kind, group);
    at(crashedGroups, group).push(op);
    crashedGroup[op] = group;
  }
  return { crashedGroups, crashedGroup };
}

/** `samples`: the input of one operation of each group. */
function findCovers<State, Input, Output>(
  model: Model<State, Input, Output>,
  samples: readonly Input[],
): Int32Array {
  const covers = (general: number, special: number): boolean =>
    general !== special && model.covers?.(at(samples, general), at(samples, special)) === true;
  // One level only: what stands in for others needs no stand-in itself.
  const isTop = samples.map((_, group) => samples.every((_, other) => !covers(other, group)));
  return Int32Array.from(samples, (_, group) =>
    samples.findIndex((_, other) => at(isTop, other) && covers(other, group)),
  );
}
