import type { Model } from "./model.js";
import { at, type Operation } from "./operation.js";
import { type OperationClass, States } from "./states.js";

/** One partition of a history, in the terms of the search: everything is a small integer. */
export interface Problem {
  /** Positions of the search's operations in the array that was checked. */
  readonly positions: readonly number[];
  /** Kind of each operation; what `States.next` takes. */
  readonly classes: Int32Array;
  /** By operation: 1 if it never changes the state. */
  readonly readOnly: Uint8Array;
  /** In order of time: operation * 2 for its call, operation * 2 + 1 for its return. */
  readonly events: Int32Array;
  /** Position of each operation's return among the events; -1: never returned. */
  readonly returnAt: Int32Array;
  readonly returns: number;
  /** The bit that stands for an operation while it is open; -1: never returned. */
  readonly slots: Int32Array;
  readonly slotCount: number;
  /** Groups of interchangeable operations that never returned, each in order of call. */
  readonly crashedGroups: readonly (readonly number[])[];
  /** By group: another group whose operations can stand in for its own, and that has none itself; or -1. */
  readonly coveredBy: Int32Array;
  /** The group of each operation; -1: it returned. */
  readonly crashedGroup: Int32Array;
  readonly states: States<unknown, unknown, unknown>;
}

/** `positions`: this partition's operations in `operations`. */
export function prepare<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  positions: readonly number[],
): Problem {
  // An operation that never returned and never changes the state says nothing.
  const kept = positions.filter((position) => {
    const { input, output, return: returned } = at(operations, position);
    return returned !== undefined || model.readOnly?.(input, output) !== true;
  });
  const ops = kept.map((position) => at(operations, position));
  const inputs = model.simplify?.(ops) ?? ops.map((operation) => operation.input);
  const { kinds, classes } = classify(model, ops, inputs);
  const { events, returnAt, returns } = orderEvents(ops);
  const crashed = groupCrashed(ops.length, classes, events, returnAt);
  return {
    positions: kept,
    classes,
    readOnly: Uint8Array.from(classes, (kind) => (at(kinds, kind).readOnly ? 1 : 0)),
    events,
    returnAt,
    returns,
    ...assignSlots(ops.length, events, returnAt),
    ...crashed,
    coveredBy: findCovers(model, crashed.crashedGroups, inputs),
    states: new States(model, kinds) as unknown as States<unknown, unknown, unknown>,
  };
}

function classify<State, Input, Output>(
  model: Model<State, Input, Output>,
  ops: readonly Operation<Input, Output>[],
  inputs: readonly Input[],
): { kinds: OperationClass<Input, Output>[]; classes: Int32Array } {
  const kinds: OperationClass<Input, Output>[] = [];
  const ids = new Map<string, number>();
  const classes = Int32Array.from(ops, ({ output, return: returned }, i) => {
    const input = at(inputs, i);
    const key = model.operationKey?.(input, output);
    // Returned or not is part of the key, whatever the model says.
    const fullKey = key === undefined ? undefined : `${returned === undefined ? "?" : "="}${key}`;
    const known = fullKey === undefined ? undefined : ids.get(fullKey);
    if (known !== undefined) return known;
    const id = kinds.push({ input, output, readOnly: model.readOnly?.(input, output) ?? false }) - 1;
    if (fullKey !== undefined) ids.set(fullKey, id);
    return id;
  });
  return { kinds, classes };
}

/**
 * Calls before returns where times are equal: intervals are closed (see Operation). Returns at the same
 * time may come in any order, for every operation that could go before one of them was called before
 * all of them.
 */
function orderEvents(ops: readonly Operation<unknown, unknown>[]): {
  events: Int32Array;
  returnAt: Int32Array;
  returns: number;
} {
  const entries: { readonly time: number; readonly isReturn: number; readonly op: number }[] = [];
  ops.forEach((operation, op) => {
    entries.push({ time: operation.call, isReturn: 0, op });
    if (operation.return !== undefined) entries.push({ time: operation.return, isReturn: 1, op });
  });
  entries.sort((a, b) => a.time - b.time || a.isReturn - b.isReturn || a.op - b.op);
  const returnAt = new Int32Array(ops.length).fill(-1);
  entries.forEach(({ isReturn, op }, position) => {
    if (isReturn === 1) returnAt[op] = position;
  });
  const events = Int32Array.from(entries, ({ op, isReturn }) => op * 2 + isReturn);
  return { events, returnAt, returns: entries.length - ops.length };
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

function findCovers<State, Input, Output>(
  model: Model<State, Input, Output>,
  groups: readonly (readonly number[])[],
  inputs: readonly Input[],
): Int32Array {
  const samples = groups.map((group) => at(inputs, at(group, 0)));
  const covers = (general: number, special: number): boolean =>
    general !== special && model.covers?.(at(samples, general), at(samples, special)) === true;
  // One level only: what stands in for others needs no stand-in itself.
  const isTop = samples.map((_, group) => samples.every((_, other) => !covers(other, group)));
  return Int32Array.from(samples, (_, group) =>
    samples.findIndex((_, other) => at(isTop, other) && covers(other, group)),
  );
}
