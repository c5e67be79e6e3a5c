import type { Model } from "../model.js";
import { container, type ContainerOutput, type ContainerState } from "./container.js";
import type { QueueInput } from "./fifo-queue.js";

/**
 * A bag, empty at first: a dequeue returns any one of the values in it, or null where there is nothing.
 * Nondeterministic: a dequeue that never returned may have removed any.
 */
export function unorderedQueue(): Model<ContainerState, QueueInput, ContainerOutput> {
  return container({
    name: "unordered-queue",
    put: "enqueue",
    take: "dequeue",
    insert: (state, value) => {
      const at = state.findIndex((other) => other > value);
      return at === -1 ? [...state, value] : state.toSpliced(at, 0, value);
    },
    // In order, so equal values are neighbours: one of them will do.
    within: (state) => [...state.keys()].filter((at) => state[at] !== state[at - 1]),
    // Of values that nobody received, only whether dequeues that never returned can have removed them all matters.
    visible: (state, isSeen, spare) => {
      let left = spare;
      const part = state.filter((value) => isSeen(value) || left-- >= 0);
      return part.length === state.length ? state : part;
    },
  });
}
