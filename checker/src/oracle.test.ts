import { describe, expect, test } from "vitest";
import { ENGINE_NAMES, type EngineName } from "./engine.js";
import { type CasRegisterOperation, Random } from "./generator.js";
import { casRegister } from "./models/cas-register.js";
import type { AnyModel } from "./models/index.js";
import { crashedUpdateHistories } from "./testing/crashed-updates.js";
import { Differential, Truth } from "./testing/differential.js";
import type { AnyCase } from "./testing/model-case.js";
import { MODEL_CASES } from "./testing/model-cases.js";
import { isLinearizable } from "./testing/oracle.js";
import { isLinearizableRegister } from "./testing/register-oracle.js";
import { drawHistory } from "./testing/histories.js";

/** GAUNTLET_LONG=1: ten times as many histories. */
const HISTORIES = process.env["GAUNTLET_LONG"] === "1" ? 200_000 : 20_000;
const PER_CASE = Math.ceil(HISTORIES / MODEL_CASES.length);

const crashedUpdateModel = casRegister() as unknown as AnyModel;

/** What the specialised engines must have decided, of each hundred histories: else they were not tested. */
const EXPECTED_PERCENT: Readonly<Record<string, Partial<Record<EngineName, number>>>> = {
  "register, unique writes": { "unique-writes": 80 },
  "cas-register, unique writes": { "unique-writes": 20 },
  "etcd-key": { chain: 20 },
};

describe(`every engine agrees with every order tried, on ${PER_CASE} small histories each`, () => {
  test.each(MODEL_CASES.map((drawn, i) => ({ name: drawn.name, drawn, seed: i + 1 })))(
    "$name",
    ({ drawn, seed, name }) => {
      const random = new Random(seed);
      const found = new Differential();
      for (let i = 0; i < PER_CASE && found.wrong.length < 3; i++) {
        found.compareAll(drawn.model, drawHistory(drawn, random));
      }
      const decided = ENGINE_NAMES.map((engine) => `${engine} ${found.decided.get(engine) ?? 0}`);
      console.log(`${name}: ${found.legal} legal, ${found.illegal} illegal; decided: ${decided.join(", ")}`);
      expect(found.wrong).toEqual([]);
      expect(Math.min(found.legal, found.illegal)).toBeGreaterThan(PER_CASE / 8);
      for (const [engine, percent] of Object.entries(EXPECTED_PERCENT[name] ?? {})) {
        expect(found.decided.get(engine as EngineName) ?? 0).toBeGreaterThan((PER_CASE * percent) / 100);
      }
    },
    600_000,
  );
});

test("engines agree with every order tried where crashed updates explain this or that", () => {
  const found = new Differential();
  for (const history of crashedUpdateHistories()) {
    const truth = new Truth(crashedUpdateModel, history);
    for (const engine of ENGINE_NAMES) found.compare(crashedUpdateModel, truth, engine);
    found[truth.legal ? "legal" : "illegal"]++;
  }
  console.log(`crashed updates: ${found.legal} legal, ${found.illegal} illegal`);
  expect(found.wrong.slice(0, 3)).toEqual([]);
  expect(found.legal).toBeGreaterThan(500);
  expect(found.decided.get("frontier")).toBe(found.legal + found.illegal);
});

test("the definition by a model's steps is that of a register written out by hand", () => {
  const random = new Random(99);
  const model = casRegister();
  const drawn = MODEL_CASES[0] as AnyCase;
  const differing: string[] = [];
  let legal = 0;
  for (let i = 0; i < 2000; i++) {
    const history = drawHistory(drawn, random) as CasRegisterOperation[];
    if (new Set(history.map(({ input }) => input.key)).size > 1) continue;
    const byHand = isLinearizableRegister(history);
    if (byHand) legal++;
    if (isLinearizable(model, history) !== byHand) differing.push(JSON.stringify(history));
  }
  expect(differing).toEqual([]);
  expect(legal).toBeGreaterThan(400);
});
