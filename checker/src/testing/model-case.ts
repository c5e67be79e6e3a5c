import type { Random } from "../generator.js";
import type { Model } from "../model.js";

/** A model, and how to draw operations of it that make interesting little histories. */
export interface ModelCase<State, Input, Output> {
  readonly name: string;
  readonly model: Model<State, Input, Output>;
  /** `state`: what the object will hold when it takes effect, to make success likely; `fresh`: not drawn before. */
  input(random: Random, state: State, fresh: number): Input;
  /** The object's true answer. An impossible one: the operation blocks. */
  answer(state: State, input: Input, random: Random): Output;
  /** Any answer that is well formed, right or wrong; some operations have but one. */
  guess(random: Random, input: Input): Output;
}

/** One whose types matter no more: each case draws and judges its own operations. */
export type AnyCase = ModelCase<unknown, unknown, unknown>;

export function anyCase<State, Input, Output>(one: ModelCase<State, Input, Output>): AnyCase {
  return one as unknown as AnyCase;
}
