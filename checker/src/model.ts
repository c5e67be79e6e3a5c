/**
 * What is checked against: a sequential object. Written like a Porcupine model (init, step, partition,
 * equality, describe), with three differences: `step` returns every state the object may be in
 * afterwards, so that a model may be nondeterministic; operations that never returned are known as such
 * (`output` is undefined); equality is a key, so that states can be interned.
 *
 * All methods are pure. Those marked optional make a check faster and must keep the promise written
 * beside them: a broken promise can make a verdict wrong.
 */
export interface Model<State, Input, Output> {
  /** Short, for messages: "cas-register". */
  readonly name: string;
  init(): State;
  /**
   * The states the object may be in after `input` was answered by `output`; none if that answer is not
   * possible in `state`. `output` is undefined for an operation that never returned: then the states
   * after it for any answer.
   */
  step(state: State, input: Input, output: Output | undefined): readonly State[];
  /** Two states are the same exactly if their keys are. Never a mere hash. */
  stateKey(state: State): string | number;
  /**
   * The part of the object that the operation touches. Parts must be independent (Horn and Kroening's
   * P-compositionality): each is checked by itself from `init()`.
   */
  key?(input: Input): string;
  /** Why this operation cannot be judged by the model (a missing field, a wrong type); undefined if it can. */
  problem?(input: Input, output: Output | undefined): string | undefined;
  /** Promise: with this answer, `step` returns the same state or nothing, in every state. */
  readOnly?(input: Input, output: Output | undefined): boolean;
  /** Promise: two operations with the same key act alike in every state. Without it none are held to be alike. */
  operationKey?(input: Input, output: Output | undefined): string;
  /**
   * Of two operations that never returned. Promise: in every state in which `special` changes the state,
   * `general` has the same states after it. (A write of 2 can stand in for a cas from 1 to 2.)
   */
  covers?(general: Input, special: Input): boolean;
  /**
   * Replaces inputs of one partition's operations by others, in the same order. Promise: an order of
   * the operations is legal after it exactly if it was legal before.
   */
  simplify?(
    operations: readonly { readonly input: Input; readonly output?: Output | undefined }[],
  ): readonly Input[];
  /** "cas 1 → 2: succeeded", for people. */
  describeOperation(input: Input, output: Output | undefined): string;
  describeState(state: State): string;
}
