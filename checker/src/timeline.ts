import type { Operation } from "./operation.js";
import { finish, PIECE, type Steps } from "./steps.js";

/** The calls and returns of operations, in order of time. */
export interface Timeline {
  /** operation * 2 for a call, operation * 2 + 1 for a return. */
  readonly events: Int32Array;
  /** By operation: the place of its call among the events. */
  readonly callAt: Int32Array;
  /** By operation: the place of its return among the events; -1: never returned. */
  readonly returnAt: Int32Array;
  /** How many returned. */
  readonly returns: number;
}

/**
 * Calls before returns where times are equal: intervals are closed (see Operation). So operation a precedes b
 * exactly if `returnAt[a] !== -1 && returnAt[a] < callAt[b]`. Returns at the same time may come in any order,
 * for every operation that could go before one of them was called before all of them. Linear where
 * operations come in order of their calls, as recordings have them; else O(n log n).
 */
export function orderEvents(operations: readonly Operation<unknown, unknown>[]): Timeline {
  return finish(orderingEvents(operations));
}

/** The same in pieces (but for a recording in no order, which is sorted outright). */
export function* orderingEvents(operations: readonly Operation<unknown, unknown>[]): Steps<Timeline> {
  const count = operations.length;
  const calls = new Float64Array(count);
  const ends = new Float64Array(count);
  const returned = new Int32Array(count);
  let returns = 0;
  for (let i = 0; i < count; i++) {
    if (i % PIECE === PIECE - 1) yield;
    const operation = operations[i] as Operation<unknown, unknown>;
    calls[i] = operation.call;
    if (operation.return === undefined) continue;
    ends[i] = operation.return;
    returned[returns++] = i;
  }
  const called = new Int32Array(count);
  for (let i = 0; i < count; i++) called[i] = i;
  const byCall = yield* sortByTime(called, calls);
  const byReturn = yield* sortByTime(returned.subarray(0, returns), ends);
  return yield* merge(byCall, byReturn, calls, ends);
}

function* merge(
  byCall: Int32Array,
  byReturn: Int32Array,
  calls: Float64Array,
  ends: Float64Array,
): Steps<Timeline> {
  const events = new Int32Array(byCall.length + byReturn.length);
  const callAt = new Int32Array(byCall.length);
  const returnAt = new Int32Array(byCall.length).fill(-1);
  let nextReturn = 0;
  let place = 0;
  const putReturn = (): void => {
    const operation = byReturn[nextReturn++] as number;
    returnAt[operation] = place;
    events[place++] = operation * 2 + 1;
  };
  for (let i = 0; i < byCall.length; i++) {
    if (i % PIECE === PIECE - 1) yield;
    const operation = byCall[i] as number;
    const time = calls[operation] as number;
    while (nextReturn < byReturn.length && (ends[byReturn[nextReturn] as number] as number) < time)
      putReturn();
    callAt[operation] = place;
    events[place++] = operation * 2;
  }
  while (nextReturn < byReturn.length) putReturn();
  return { events, callAt, returnAt, returns: byReturn.length };
}

/** Stable. Insertion moves each element past the few that overlap it; a recording in no order is sorted outright. */
function* sortByTime(list: Int32Array, times: Float64Array): Steps<Int32Array> {
  let moves = 64 * list.length;
  for (let i = 1; i < list.length; i++) {
    if (i % PIECE === PIECE - 1) yield;
    const element = list[i] as number;
    const time = times[element] as number;
    let j = i;
    for (; j > 0 && (times[list[j - 1] as number] as number) > time; j--) {
      list[j] = list[j - 1] as number;
      if (--moves < 0) {
        list[j - 1] = element;
        return list.toSorted((a, b) => (times[a] as number) - (times[b] as number) || a - b);
      }
    }
    list[j] = element;
  }
  return list;
}
