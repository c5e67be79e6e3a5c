import type { Model } from "../model.js";
import { unknownOperation } from "./value.js";

export interface MutexInput {
  readonly f: "acquire" | "release";
  /** Which lock; a history without keys is about one. */
  readonly key?: string | undefined;
}

/** An acquire or release that failed did not happen: leave it out of the history. */
export type MutexOutput = Readonly<Record<string, never>>;

export type MutexState = "free" | "locked";

/**
 * A lock, free at first unless `initial` says that it is locked. Who holds it is not part of it (as in Knossos): a release by another process than the holder's
 * is legal. Two acquires without a release between are not.
 */
export function mutex(
  options: { readonly initial?: boolean } = {},
): Model<MutexState, MutexInput, MutexOutput> {
  const initial = options.initial ?? false;
  return {
    name: "mutex",
    init: () => (initial ? "locked" : "free"),
    step: (state, input) => {
      if (input.f === "acquire") return state === "free" ? ["locked"] : [];
      return state === "locked" ? ["free"] : [];
    },
    stateKey: (state) => state,
    key: (input) => input.key ?? "",
    problem: (input) => {
      if (input.f !== "acquire" && input.f !== "release")
        return unknownOperation((input as { f: unknown }).f, ["acquire", "release"]);
      return undefined;
    },
    operationKey: (input) => input.f,
    spec: { name: "mutex", options: { initial } },
    describeOperation: (input, output) =>
      `${input.f}${input.key === undefined ? "" : ` of ${input.key}`}${output === undefined ? " that never returned" : ""}`,
    describeState: (state) => state,
  };
}
