import type { Model } from "../model.js";
import { container, type ContainerInput, type ContainerOutput, type ContainerState } from "./container.js";

export type QueueInput = ContainerInput<"enqueue", "dequeue">;

/** A queue, empty at first: a dequeue returns what was enqueued first, or null where there is nothing. */
export function fifoQueue(): Model<ContainerState, QueueInput, ContainerOutput> {
  return container({
    name: "fifo-queue",
    put: "enqueue",
    take: "dequeue",
    insert: (state, value) => [...state, value],
    within: () => [0],
    // A value that nobody received blocks all behind it, unless a dequeue that never returned removed it.
    visible: (state, isSeen, spare) => {
      let left = spare;
      const last = state.findIndex((value) => !isSeen(value) && left-- === 0);
      return last === -1 || last === state.length - 1 ? state : state.slice(0, last + 1);
    },
  });
}
