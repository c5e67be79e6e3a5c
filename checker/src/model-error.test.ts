import { expect, test } from "vitest";
import { checkOperations } from "./check.js";
import { type CasRegisterInput, type CasRegisterOutput, casRegister } from "./models/cas-register.js";
import { ModelError, type Operation } from "./operation.js";

const model = casRegister();
const WRITE: readonly Operation<CasRegisterInput, CasRegisterOutput>[] = [
  { process: 0, input: { f: "write", value: 1 }, output: {}, call: 0, return: 1 },
];

test("a model that breaks its promise is found out", () => {
  const lying = { ...model, register: undefined, readOnly: () => true };
  expect(() => checkOperations(lying, WRITE)).toThrow(ModelError);
});

test("a step that returns a state instead of a list of states is found out", () => {
  const wrong = { ...model, register: undefined, step: () => "x" as unknown as readonly string[] };
  expect(() => checkOperations(wrong, WRITE)).toThrow(
    'model cas-register: step returned a string and no list for "write of 1"',
  );
});

test.each([undefined, Number.NaN, {}])("a state key that is %s is found out", (key) => {
  const wrong = { ...model, register: undefined, stateKey: () => key as unknown as string };
  expect(() => checkOperations(wrong, WRITE)).toThrow(/stateKey returned .*, not a string or/);
});

test("a model that fails says at which operation", () => {
  const failing = {
    ...model,
    register: undefined,
    step: () => {
      throw new Error("boom");
    },
  };
  expect(() => checkOperations(failing, WRITE)).toThrow(
    new ModelError("cas-register", 'step failed for "write of 1": boom'),
  );
});
