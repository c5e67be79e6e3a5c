import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { Random } from "../generator.js";
import type { Model } from "../model.js";
import type { AnyCase } from "../testing/model-case.js";
import { MODEL_CASES } from "../testing/model-cases.js";
import { builtInModel } from "./index.js";

// The promises of model.ts, tried in many states that operations lead to. `simplify` and `project` are about whole
// histories: the differential tests try them.

interface Drawn {
  readonly input: unknown;
  readonly output: unknown;
}

function draw(drawn: AnyCase, seed: number): { readonly states: unknown[]; readonly operations: Drawn[] } {
  const random = new Random(seed);
  const { model } = drawn;
  const states: unknown[] = [];
  const operations: Drawn[] = [];
  for (let run = 0; run < 12; run++) {
    let state = deepFreeze(model.init());
    for (let i = 0; i < 8; i++) {
      states.push(state);
      const input = deepFreeze(drawn.input(random, state, i + 1));
      const outputs = [drawn.answer(state, input, random), drawn.guess(random, input), undefined];
      for (const output of outputs) operations.push({ input, output: deepFreeze(output) });
      const after = model.step(state, input, random.pick(outputs));
      if (after.length > 0) state = deepFreeze(random.pick(after));
    }
  }
  return { states, operations: operations.filter((_, i) => i % 3 === turn(i)) };
}

/** A third of them, each kind as often: pairs of all would be many. */
function turn(i: number): number {
  return Math.floor(i / 3) % 3;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

type AnyModel = Model<unknown, unknown, unknown>;

/** The keys of the states after an operation, in order. */
function after(model: AnyModel, state: unknown, { input, output }: Drawn): string {
  const keys = model.step(state, input, output).map((next) => JSON.stringify(model.stateKey(next)));
  return JSON.stringify([...new Set(keys)].toSorted((a, b) => (a < b ? -1 : 1)));
}

describe.each(MODEL_CASES.map((drawn, i) => ({ name: drawn.name, drawn, seed: 500 + i })))(
  "$name",
  ({ drawn, seed }) => {
    const { model } = drawn;
    const { states, operations } = draw(drawn, seed);
    const stays = (state: unknown): string => JSON.stringify([JSON.stringify(model.stateKey(state))]);
    const say = ({ input, output }: Drawn): string => JSON.stringify([input, output ?? "never returned"]);

    test("two states have the same key exactly if they are the same", () => {
      const wrong = states.flatMap((a) =>
        states.filter((b) => (model.stateKey(a) === model.stateKey(b)) !== isDeepStrictEqual(a, b)),
      );
      expect(wrong).toEqual([]);
    });

    test("what is read-only changes no state", () => {
      const readOnly = operations.filter(({ input, output }) => model.readOnly?.(input, output) === true);
      const wrong = readOnly.filter((operation) =>
        states.some((state) => !["[]", stays(state)].includes(after(model, state, operation))),
      );
      expect(wrong).toEqual([]);
    });

    test("operations with the same key act alike", () => {
      const byKey = new Map<string, Drawn[]>();
      for (const operation of operations) {
        const key = `${operation.output === undefined} ${model.operationKey?.(operation.input, operation.output)}`;
        byKey.set(key, [...(byKey.get(key) ?? []), operation]);
      }
      const wrong = [...byKey.values()].flatMap(([first, ...others]) =>
        others.filter((other) =>
          states.some((state) => after(model, state, other) !== after(model, state, first as Drawn)),
        ),
      );
      expect(wrong.map(say)).toEqual([]);
      expect(byKey.size).toBeLessThan(operations.length);
    });

    test("what overwrites is always possible, and leads to the same state from everywhere", () => {
      const overwriting = operations.filter(
        ({ input }) => model.overwrites?.(input) ?? model.register?.input(input).f === "write",
      );
      const wrong = overwriting.filter((operation) => {
        const reached = new Set(states.map((state) => after(model, state, operation)));
        return reached.size !== 1 || model.step(model.init(), operation.input, operation.output).length !== 1;
      });
      expect(wrong).toEqual([]);
    });

    test("what stands in for another does what that would do", () => {
      const crashed = operations.filter(({ output }) => output === undefined);
      const wrong = crashed.flatMap((special) =>
        crashed.filter(
          (general) =>
            model.covers?.(general.input, special.input) === true &&
            states.some((state) => {
              const changed = after(model, state, special);
              return changed !== "[]" && changed !== stays(state) && changed !== after(model, state, general);
            }),
        ),
      );
      expect(wrong).toEqual([]);
    });

    test("what it draws is well formed, and can be described", () => {
      const problems = operations.map(({ input, output }) => model.problem?.(input, output));
      expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
      const words = [
        ...operations.map(({ input, output }) => model.describeOperation(input, output)),
        ...states.map((state) => model.describeState(state)),
      ];
      expect(words.filter((word) => /undefined|\[object|NaN/.test(word) || word === "")).toEqual([]);
    });

    test("a model made again from its name and options, as JSON, is the same", () => {
      const { spec } = model;
      const again =
        spec === undefined
          ? model
          : builtInModel(spec.name, JSON.parse(JSON.stringify(spec.options)) as Record<string, unknown>);
      expect(again.name).toBe(model.name);
      expect(again.stateKey(again.init())).toBe(model.stateKey(model.init()));
      expect(again.spec).toEqual(spec);
    });
  },
);
