import type { Model } from "../model.js";
import { container, type ContainerInput, type ContainerOutput, type ContainerState } from "./container.js";

export type StackInput = ContainerInput<"push", "pop">;

/** A stack, empty at first: a pop returns what was pushed last, or null where there is nothing. */
export function stack(): Model<ContainerState, StackInput, ContainerOutput> {
  return container({
    name: "stack",
    put: "push",
    take: "pop",
    insert: (state, value) => [...state, value],
    within: (state) => [state.length - 1],
    // A value that nobody received covers all below it, unless a pop that never returned removed it.
    visible: (state, isSeen, spare) => {
      let left = spare;
      const first = state.findLastIndex((value) => !isSeen(value) && left-- === 0);
      return first <= 0 ? state : state.slice(first);
    },
  });
}
