import { isMainThread } from "node:worker_threads";
import {
  casRegister,
  type CasRegisterInput,
  type CasRegisterOutput,
  type RegisterState,
} from "../models/cas-register.js";
import type { Model } from "../model.js";

/** What it does in a worker thread, at its first step there; nothing if absent. */
export interface Misbehaviour {
  readonly inThread?: "die" | "throw" | "lie";
}

/** For tests of threads: a register that says where a state was described, and misbehaves on request. */
export function telling({
  inThread,
}: Misbehaviour): Model<RegisterState, CasRegisterInput, CasRegisterOutput> {
  const { register: _register, spec: _spec, ...model } = casRegister();
  return {
    ...model,
    name: "telling",
    step(state, input, output) {
      if (inThread === "die" && !isMainThread) process.exit(3);
      if (inThread === "throw" && !isMainThread) throw new TypeError("the model is broken");
      return model.step(state, input, output);
    },
    readOnly: (input, output) =>
      (inThread === "lie" && !isMainThread) || model.readOnly?.(input, output) === true,
    describeState: (state) =>
      `${model.describeState(state)} in ${isMainThread ? "the main thread" : "a worker thread"}`,
  };
}

export const notAModel = { name: "nothing" };
