import type { Random } from "../generator.js";
import type { Model } from "../model.js";
import {
  casRegister,
  type CasRegisterInput,
  type CasRegisterOutput,
  register,
  type RegisterState,
} from "../models/cas-register.js";
import type { ContainerInput, ContainerOutput, ContainerState } from "../models/container.js";
import { counter } from "../models/counter.js";
import { fifoQueue } from "../models/fifo-queue.js";
import { kv } from "../models/kv.js";
import { type MicroOperation, multiRegister } from "../models/multi-register.js";
import { mutex } from "../models/mutex.js";
import { set } from "../models/set.js";
import { stack } from "../models/stack.js";
import { unorderedQueue } from "../models/unordered-queue.js";
import type { Value } from "../models/value.js";
import { ETCD_KEY_CASES } from "./etcd-key-case.js";
import { type AnyCase, anyCase } from "./model-case.js";

/** 0 and 1 and "1": values that a careless key would take for one another. */
function value(random: Random): Value {
  return random.pick([0, 1, 1, "1"]);
}

function registerAnswer(state: RegisterState, input: CasRegisterInput): CasRegisterOutput {
  if (input.f === "read") return { value: state };
  return input.f === "write" ? {} : { succeeded: state === input.from };
}

const registers: AnyCase[] = [
  anyCase({
    name: "cas-register",
    model: casRegister(),
    input: (random, state): CasRegisterInput => {
      const kind = random.below(6);
      if (kind < 2) return { f: "read" };
      if (kind < 4) return { f: "write", value: value(random) };
      const from = state !== null && random.below(2) === 0 ? state : value(random);
      return { f: "cas", from, to: value(random) };
    },
    answer: registerAnswer,
    guess: (random, input) => {
      if (input.f === "cas") return { succeeded: random.below(2) === 0 };
      return input.f === "write" ? {} : { value: random.pick([null, 0, 1, "1"]) };
    },
  }),
  anyCase({
    name: "register",
    model: register({ initial: 0 }),
    input: (random): CasRegisterInput =>
      random.below(2) === 0 ? { f: "read" } : { f: "write", value: value(random) },
    answer: registerAnswer,
    guess: (random, input) => (input.f === "write" ? {} : { value: value(random) }),
  }),
  anyCase({
    name: "register, unique writes",
    model: register(),
    input: (random, _, fresh): CasRegisterInput =>
      random.below(2) === 0 ? { f: "read" } : { f: "write", value: fresh },
    answer: registerAnswer,
    guess: (random, input) => (input.f === "write" ? {} : { value: random.pick([null, 1, 2, 3, 4, 5, 6]) }),
  }),
  anyCase({
    name: "cas-register, unique writes",
    model: casRegister({ initial: 0 }),
    input: (random, state, fresh): CasRegisterInput => {
      const kind = random.below(4);
      if (kind < 2) return { f: "read" };
      if (kind === 2) return { f: "write", value: fresh };
      const from = state !== null && random.below(3) > 0 ? state : random.below(6);
      return { f: "cas", from, to: fresh };
    },
    answer: registerAnswer,
    guess: (random, input) => {
      if (input.f === "cas") return { succeeded: random.below(2) === 0 };
      return input.f === "write" ? {} : { value: random.below(7) };
    },
  }),
  anyCase({
    name: "multi-register",
    model: multiRegister({ initial: [["x", 0]] }),
    input: (random) => ({
      f: "txn" as const,
      value: Array.from({ length: 1 + random.below(3) }, (): MicroOperation => {
        const name = random.pick<Value>(["x", 1, "1"]);
        return random.below(2) === 0 ? ["r", name, null] : ["w", name, value(random)];
      }),
    }),
    answer: (state, input) => {
      const now = new Map(state);
      return {
        value: input.value.map((micro): MicroOperation => {
          const [f, name, written] = micro;
          if (f === "r") return [f, name, now.get(JSON.stringify(name)) ?? null];
          now.set(JSON.stringify(name), written);
          return micro;
        }),
      };
    },
    guess: (random, input) => ({
      value: input.value.map(
        (micro): MicroOperation =>
          micro[0] === "w" ? micro : ["r", micro[1], random.pick([null, 0, 1, "1"])],
      ),
    }),
  }),
];

const maps: AnyCase[] = [
  anyCase({
    name: "kv",
    model: kv(),
    input: (random, _, fresh) => {
      const kind = random.below(6);
      if (kind < 2) return { f: "get" as const, key: "a" };
      // Fresh characters make an append that is a prefix of another value, or of none.
      const text = random.pick(["", "x", "x", "y", "xy", String(fresh)]);
      return { f: kind === 2 ? ("put" as const) : ("append" as const), key: "a", value: text };
    },
    answer: (state, input) => (input.f === "get" ? { value: state ?? "" } : {}),
    guess: (random, input) =>
      input.f === "get" ? { value: random.pick(["", "x", "y", "xy", "yx", "xx", "xxy", "1", "2x"]) } : {},
  }),
  anyCase({
    name: "set",
    model: set(),
    input: (random) => {
      const kind = random.below(8);
      if (kind < 3) return { f: "add" as const, value: value(random) };
      if (kind < 6) return { f: "read" as const };
      return { f: random.pick(["remove", "contains"] as const), value: value(random) };
    },
    answer: setAnswer,
    guess: setGuess,
  }),
  anyCase({
    name: "set, only added to and read",
    model: set(),
    input: (random) =>
      random.below(2) === 0
        ? { f: "read" as const }
        : { f: "add" as const, value: random.pick([0, 1, "1", "2,3"]) },
    answer: setAnswer,
    guess: setGuess,
  }),
];

type SetModel = ReturnType<typeof set>;
type SetIn = Parameters<SetModel["step"]>[1];
type SetOut = Exclude<Parameters<SetModel["step"]>[2], undefined>;

function setAnswer(state: readonly string[] | null, input: SetIn): SetOut {
  const elements = (state ?? []).map((element) => JSON.parse(element) as Value);
  if (input.f === "read") return { value: elements };
  return input.f === "contains" ? { value: elements.includes(input.value) } : {};
}

function setGuess(random: Random, input: SetIn): SetOut {
  if (input.f === "contains") return { value: random.below(2) === 0 };
  if (input.f !== "read") return {};
  return { value: [0, 1, "1", "2,3", 1].filter(() => random.below(5) < 2) };
}

/** `put` and `take` are drawn as often; the values repeat, so that it matters which of two is meant. */
function containerCase<Put extends string, Take extends string>(
  model: Model<ContainerState, ContainerInput<Put, Take>, ContainerOutput>,
  put: Put,
  take: Take,
  next: (state: ContainerState, random: Random) => string | undefined,
): AnyCase {
  type Input = ContainerInput<Put, Take>;
  return anyCase({
    name: model.name,
    model,
    input: (random, _state, fresh): Input =>
      random.below(2) === 0 ? { f: take } : { f: put, value: random.pick([0, 1, "1", fresh]) },
    answer: (state, input, random): ContainerOutput => {
      if (input.f === put) return {};
      const taken = next(state, random);
      return { value: taken === undefined ? null : (JSON.parse(taken) as Value) };
    },
    guess: (random, input) => (input.f === put ? {} : { value: random.pick([null, 0, 1, "1", 2]) }),
  });
}

const containers: AnyCase[] = [
  containerCase(fifoQueue(), "enqueue", "dequeue", (state) => state[0]),
  containerCase(unorderedQueue(), "enqueue", "dequeue", (state, random) => state[random.below(state.length)]),
  containerCase(stack(), "push", "pop", (state) => state.at(-1)),
];

const numbers: AnyCase[] = [
  anyCase({
    name: "mutex",
    model: mutex(),
    input: (random, state) => {
      const likely = state === "free" ? ("acquire" as const) : ("release" as const);
      return { f: random.below(4) === 0 ? ("acquire" as const) : likely };
    },
    answer: () => ({}),
    // Any answer is the same, so contradictions come from intervals alone.
    guess: () => ({}),
  }),
  anyCase({
    name: "counter",
    model: counter(),
    input: (random) =>
      random.below(2) === 0
        ? { f: "read" as const }
        : { f: "add" as const, value: random.pick([1, 1, 2, 3, -1, -2, 0]) },
    answer: (state, input) => (input.f === "read" ? { value: state ?? 0 } : {}),
    guess: (random, input) => (input.f === "read" ? { value: random.below(7) - 2 } : {}),
  }),
];

interface Draft {
  readonly published: number;
  readonly drafts: readonly number[];
}

type DraftInput = { readonly f: "read" | "publish" } | { readonly f: "draft"; readonly value: number };

/**
 * Nondeterministic however it is answered: `publish` makes one of the drafts, nobody is told which, what is read, and
 * drops the others; with none it changes nothing.
 */
const drafts: Model<Draft, DraftInput, { readonly value?: number }> = {
  name: "drafts",
  init: () => ({ published: 0, drafts: [] }),
  step: (state, input, output) => {
    if (input.f === "read") return output === undefined || output.value === state.published ? [state] : [];
    if (input.f === "draft")
      return [{ ...state, drafts: [...new Set([...state.drafts, input.value])].toSorted((a, b) => a - b) }];
    if (state.drafts.length === 0) return [state];
    return state.drafts.map((published) => ({ published, drafts: [] }));
  },
  stateKey: (state) => JSON.stringify([state.published, state.drafts]),
  readOnly: (input) => input.f === "read",
  operationKey: (input, output) => JSON.stringify([input, output ?? []]),
  describeOperation: (input, output) => JSON.stringify([input, output ?? "never returned"]),
  describeState: (state) => JSON.stringify(state),
};

const nondeterministic = anyCase({
  name: "drafts",
  model: drafts,
  input: (random): DraftInput => {
    const f = random.pick(["read", "read", "publish", "draft", "draft"] as const);
    return f === "draft" ? { f, value: 1 + random.below(3) } : { f };
  },
  answer: (state, input) => (input.f === "read" ? { value: state.published } : {}),
  guess: (random, input) => (input.f === "read" ? { value: random.below(4) } : {}),
});

/** Every built-in model, some drawn in two ways, and one that is nondeterministic through and through. */
export const MODEL_CASES: readonly AnyCase[] = [
  ...registers,
  ...maps,
  ...containers,
  ...numbers,
  ...ETCD_KEY_CASES,
  nondeterministic,
];
