import { ClassIds } from "./class-ids.js";
import type { Model } from "./model.js";
import { at, type Operation } from "./operation.js";
import { PIECE, type Steps } from "./steps.js";
import { classOf, type OperationClass, States } from "./states.js";
import type { Timeline } from "./timeline.js";

/** One partition of a history, in the terms of the searching engines: everything is a small integer. */
export class Problem {
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
  readonly states: States;
  // Not every engine asks for these.
  #slots: Slots | undefined;
  #crashed: Crashed | undefined;
  #coveredBy: Int32Array | undefined;

  constructor({ events, returnAt, returns }: Timeline, classes: Int32Array, states: States) {
    this.classes = classes;
    this.states = states;
    this.returnAt = returnAt;
    this.returns = returns;
    this.readOnly = new Uint8Array(classes.length);
    let mute = 0;
    for (let i = 0; i < classes.length; i++) {
      if (!states.isReadOnly(classes[i] as number)) continue;
      this.readOnly[i] = 1;
      if (returnAt[i] === -1) mute++;
    }
    this.events = mute === 0 ? events : this.#audible(events, mute);
  }

  #audible(events: Int32Array, mute: number): Int32Array {
    const kept = new Int32Array(events.length - mute);
    let count = 0;
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as number;
      if (this.returnAt[event >> 1] !== -1 || this.readOnly[event >> 1] === 0) kept[count++] = event;
    }
    return kept;
  }

  /** The bit that stands for an operation while it is open; -1: never returned. */
  get slots(): Int32Array {
    return (this.#slots ??= assignSlots(this)).slots;
  }

  get slotCount(): number {
    return (this.#slots ??= assignSlots(this)).slotCount;
  }

  /** Groups of interchangeable operations that never returned, each in order of call. */
  get crashedGroups(): readonly (readonly number[])[] {
    return (this.#crashed ??= groupCrashed(this)).crashedGroups;
  }

  /** The group of each operation; -1: it returned, or says nothing. */
  get crashedGroup(): Int32Array {
    return (this.#crashed ??= groupCrashed(this)).crashedGroup;
  }

  /** By group: another group whose operations can stand in for its own, and that has none itself; or -1. */
  get coveredBy(): Int32Array {
    return (this.#coveredBy ??= findCovers(this));
  }
}

/** In pieces, but for what the model's own hooks do. */
export function* preparing<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  timeline: Timeline,
): Steps<Problem> {
  const inputs = model.simplify?.(operations);
  yield;
  const { kinds, classes } = yield* classify(model, operations, inputs);
  const project = model.project?.(
    inputs === undefined ? operations : operations.map(({ output }, i) => ({ input: at(inputs, i), output })),
  );
  yield;
  return new Problem(timeline, classes, States.of(model, kinds, project));
}

function* classify<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  inputs: readonly Input[] | undefined,
): Steps<{ kinds: OperationClass<Input, Output>[]; classes: Int32Array }> {
  const kinds: OperationClass<Input, Output>[] = [];
  const ids = new ClassIds(model);
  const add = (input: Input, output: Output | undefined): number =>
    kinds.push(classOf(model, input, output)) - 1;
  const classes = new Int32Array(operations.length);
  for (let i = 0; i < operations.length; i++) {
    if (i % PIECE === PIECE - 1) yield;
    const { input, output } = operations[i] as Operation<Input, Output>;
    classes[i] = ids.of(inputs === undefined ? input : (inputs[i] as Input), output, add);
  }
  return { kinds, classes };
}

interface Slots {
  readonly slots: Int32Array;
  readonly slotCount: number;
}

/** Open operations get distinct bits, which are used again: as many as were ever open together. */
function assignSlots({ classes, events, returnAt }: Problem): Slots {
  const slots = new Int32Array(classes.length).fill(-1);
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

interface Crashed {
  readonly crashedGroups: readonly (readonly number[])[];
  readonly crashedGroup: Int32Array;
}

function groupCrashed({ classes, events, returnAt }: Problem): Crashed {
  const crashedGroups: number[][] = [];
  const crashedGroup = new Int32Array(classes.length).fill(-1);
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

function findCovers({ classes, crashedGroups, states }: Problem): Int32Array {
  const kinds = crashedGroups.map((group) => classes[at(group, 0)] as number);
  // One level only: what stands in for others needs no stand-in itself.
  const isTop = kinds.map((kind) => kinds.every((other) => !states.covers(other, kind)));
  return Int32Array.from(kinds, (kind) =>
    kinds.findIndex((other, group) => at(isTop, group) && states.covers(other, kind)),
  );
}
