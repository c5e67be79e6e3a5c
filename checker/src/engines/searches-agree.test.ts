import { describe, expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { breakOneAnswer, generateHistory, Random } from "../generator.js";
import { casRegister } from "../models/cas-register.js";
import { kv } from "../models/kv.js";
import type { AnyModel } from "../models/index.js";
import {
  type AnyOperation,
  blindHistory,
  simulatedHistory,
  withAnotherAnswer,
} from "../testing/histories.js";
import type { AnyCase } from "../testing/model-case.js";
import { MODEL_CASES } from "../testing/model-cases.js";
import { KV_MIX, mixes, REGISTER_MIX } from "../testing/open-updates.js";
import { verifyWitness } from "../witness.js";

/**
 * Too large for every order to be tried, and small enough for many: some mistakes in what a search leaves out need ten
 * operations and more to show, and then in one history of ten thousand. GAUNTLET_LONG=1: ten times as many.
 */
const FACTOR = process.env["GAUNTLET_LONG"] === "1" ? 10 : 1;
const REGISTERS = 20_000 * FACTOR;
const PER_CASE = 200 * FACTOR;
/** Little, so that a search gives up soon where it does badly: a limit that is the same on every machine. */
const MAX_BYTES = 2 ** 18;
const REGISTER = casRegister() as unknown as AnyModel;

class Searches {
  ok = 0;
  illegal = 0;
  unknown = 0;
  readonly wrong: string[] = [];

  compare(model: AnyModel, history: readonly AnyOperation[]): void {
    const [frontier, depthFirst] = [said(model, history, "frontier"), said(model, history, "depth-first")];
    for (const [i, verdict] of frontier.entries()) {
      const other = depthFirst[i];
      if (verdict === "unknown" || other === "unknown") this.unknown++;
      else if (verdict !== other)
        this.wrong.push(`frontier: ${verdict}; depth-first: ${other}; ${JSON.stringify(history)}`);
      else this[verdict === "ok" ? "ok" : "illegal"]++;
    }
  }
}

/** Of each key; throws where the evidence does not hold. */
function said(
  model: AnyModel,
  history: readonly AnyOperation[],
  engine: "frontier" | "depth-first",
): readonly string[] {
  const { partitions } = checkOperations(model, history, {
    engine,
    maxBytes: MAX_BYTES,
    verifyWitness: true,
  });
  return partitions.map((result) => {
    if (result.verdict !== "illegal") return result.verdict;
    const evidence = verifyWitness(model, history, result.partialOrder, { partial: true });
    if (!evidence.valid) throw new Error(`${engine}: ${evidence.problem}: ${JSON.stringify(history)}`);
    return `illegal at ${result.failedAt}`;
  });
}

function registerHistory(random: Random, seed: number): readonly AnyOperation[] {
  const legal = generateHistory({
    seed,
    operations: random.pick([8, 12, 16, 20, 30, 30, 40]),
    clients: random.pick([2, 3, 4, 4, 5, 6]),
    values: random.pick([2, 3, 4, 5, "unique"] as const),
    crashRate: random.pick([0, 0.1, 0.2, 0.3, 0.5]),
    reads: random.pick([0.2, 0.3, 0.4]),
    cas: random.pick([0, 0.2, 0.4, 0.5]),
    grainUs: random.pick([1, 1, 1, 500]),
  });
  let history = legal;
  for (let broken = random.pick([0, 1, 1, 2]); broken > 0; broken--)
    history = breakOneAnswer(history, seed + broken) ?? history;
  return withinInstants(history, random);
}

function historyOf(drawn: AnyCase, random: Random): readonly AnyOperation[] {
  if (random.below(4) === 0) return blindHistory(drawn, random);
  let history: readonly AnyOperation[] = simulatedHistory(drawn, random, {
    operations: random.pick([8, 10, 12, 16, 24]),
    clients: random.pick([2, 3, 4, 6]),
    crashPercent: random.pick([0, 10, 20, 40]),
  });
  for (let changed = random.pick([0, 1, 1, 2]); changed > 0; changed--)
    history = withAnotherAnswer(drawn, history, random) ?? history;
  return withinInstants(history, random);
}

/** Lets a few operations take no time: then they may have come too late, or too soon, for their answers. */
function withinInstants(history: readonly AnyOperation[], random: Random): readonly AnyOperation[] {
  const count = random.pick([0, 0, 1, 3]);
  const chosen = new Set(Array.from({ length: count }, () => random.below(history.length)));
  return history.map((operation, i) =>
    !chosen.has(i) || operation.return === undefined
      ? operation
      : random.below(2) === 0
        ? { ...operation, call: operation.return }
        : { ...operation, return: operation.call },
  );
}

test.each<[name: string, model: AnyModel, histories: Iterable<readonly AnyOperation[]>]>([
  ["registers", REGISTER, mixes(REGISTER_MIX)],
  ["maps", kv() as unknown as AnyModel, mixes(KV_MIX)],
])("the searches agree on what open and crashed updates of %s explain together", (name, model, histories) => {
  const found = new Searches();
  for (const history of histories) {
    found.compare(model, history);
    if (found.wrong.length === 3) break;
  }
  console.log(`open updates of ${name}: ${found.ok} ok, ${found.illegal} illegal`);
  expect(found.wrong).toEqual([]);
  expect(found.unknown).toBe(0);
  expect(Math.min(found.ok, found.illegal)).toBeGreaterThan(2000);
});

test(`the searches agree on ${REGISTERS} registers of medium size`, () => {
  const random = new Random(70);
  const found = new Searches();
  for (let seed = 0; seed < REGISTERS && found.wrong.length < 3; seed++)
    found.compare(REGISTER, registerHistory(random, seed));
  console.log(`registers: ${found.ok} ok, ${found.illegal} illegal, ${found.unknown} unknown`);
  expect(found.wrong).toEqual([]);
  expect(Math.min(found.ok, found.illegal)).toBeGreaterThan(REGISTERS / 4);
}, 600_000);

describe(`the searches agree on ${PER_CASE} histories of medium size`, () => {
  test.each(MODEL_CASES.map((drawn, i) => ({ name: drawn.name, drawn, seed: 70 + i })))(
    "$name",
    ({ drawn, seed, name }) => {
      const random = new Random(seed);
      const found = new Searches();
      for (let i = 0; i < PER_CASE && found.wrong.length < 3; i++)
        found.compare(drawn.model, historyOf(drawn, random));
      console.log(`${name}: ${found.ok} ok, ${found.illegal} illegal, ${found.unknown} unknown`);
      expect(found.wrong).toEqual([]);
      expect(Math.min(found.ok, found.illegal)).toBeGreaterThan(PER_CASE / 20);
    },
    600_000,
  );
});
