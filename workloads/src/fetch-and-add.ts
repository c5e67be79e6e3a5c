import type { Model } from "porcupine-ts";

export interface FetchAndAddInput {
  readonly f: "read" | "add";
  readonly key: string;
  /** What is added. */
  readonly value?: number;
}

export interface FetchAndAddOutput {
  /** What was read; of an add: what it found. */
  readonly value: number;
}

/**
 * A number, 0 at first. As the counter of porcupine-ts, except that an add says what it found, as one does that was made by
 * compare-and-set: each is a read, too, so that hardly anything goes unseen.
 */
export function fetchAndAdd(): Model<number, FetchAndAddInput, FetchAndAddOutput> {
  return {
    name: "fetch-and-add",
    init: () => 0,
    step: (state, { value = 0 }, output) =>
      output === undefined || output.value === state ? [state + value] : [],
    stateKey: (state) => state,
    key: ({ key }) => key,
    readOnly: ({ value = 0 }) => value === 0,
    operationKey: ({ value = 0 }, output) => `${value}:${output?.value ?? "never returned"}`,
    describeOperation: ({ f, key, value }, output) => {
      const what = f === "read" ? `read of ${key}` : `add of ${value} to ${key}`;
      if (output === undefined) return `${what} that never returned`;
      return f === "read" ? `${what} that returned ${output.value}` : `${what} that found ${output.value}`;
    },
    describeState: (state) => String(state),
  };
}
