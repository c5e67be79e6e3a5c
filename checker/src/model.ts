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
  /**
   * Promise: `step` returns one state, and the same one, in every state and for every answer: nobody can tell what was
   * there before. (A register's writes are known to, by `register`.)
   */
  overwrites?(input: Input): boolean;
  /** Promise: two operations with the same key act alike in every state. Without it none are held to be alike. */
  operationKey?(input: Input, output: Output | undefined): string;
  /**
   * Of two operations that never returned. Promise: in every state in which `special` changes the state,
   * `general` has the same states after it. (A write of 2 can stand in for a cas from 1 to 2.)
   */
  covers?(general: Input, special: Input): boolean;
  /**
   * Replaces inputs of one partition's operations by others, in the same order. Promise: an order of
   * the operations, or of any part of them, is legal after it exactly if it was legal before.
   */
  simplify?(
    operations: readonly { readonly input: Input; readonly output?: Output | undefined }[],
  ): readonly Input[];
  /**
   * A stand-in for each state, given the operations of one partition (after `simplify`). Promise: in every order
   * of them, or of any part of them, a state and its stand-in accept the same answers from then on. (All lists
   * that are no prefix of anything that was read are as good as one.) It keeps the number of states small, and
   * with it the search.
   */
  project?(
    operations: readonly { readonly input: Input; readonly output?: Output | undefined }[],
  ): (state: State) => State;
  /** The operations seen as a register's, where they are that: opens the log-linear path for unique writes. */
  readonly register?: RegisterView<Input, Output> | undefined;
  /**
   * The place in the object's life that an answer names, where it does: for an update, the number of the version
   * that it made; for an operation that changed nothing, that of the version it saw (0: none yet). Promise: in
   * every legal order versions have rising numbers. Undefined: this answer names none. Opens the linear path.
   */
  version?(input: Input, output: Output | undefined): number | undefined;
  /** How to make this model again elsewhere (in a worker thread): its name and options in the registry. */
  readonly spec?: ModelSpec | undefined;
  /** "cas 1 → 2: succeeded", for people. */
  describeOperation(input: Input, output: Output | undefined): string;
  describeState(state: State): string;
}

/** Plain JSON. */
export interface ModelSpec {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Values are compared as a Map compares its keys; null is "absent". */
export type Scalar = string | number | null;

export interface RegisterView<Input, Output> {
  readonly initial: Scalar;
  input(input: Input): RegisterInput;
  output(output: Output): RegisterOutput;
}

export type RegisterInput =
  | { readonly f: "read" }
  | { readonly f: "write"; readonly value: Scalar }
  | { readonly f: "cas"; readonly from: Scalar; readonly to: Scalar };

/** What a read returned; whether a cas found `from`. */
export interface RegisterOutput {
  readonly value?: Scalar | undefined;
  readonly succeeded?: boolean | undefined;
}
