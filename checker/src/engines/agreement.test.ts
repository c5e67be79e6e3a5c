import { describe, expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { ENGINE_NAMES } from "../engine.js";
import { Random } from "../generator.js";
import type { PartitionResult } from "../result.js";
import {
  type AnyOperation,
  type HistorySize,
  simulatedHistory,
  withAnotherAnswer,
} from "../testing/histories.js";
import type { AnyCase } from "../testing/model-case.js";
import { MODEL_CASES } from "../testing/model-cases.js";
import { withoutHooks } from "../testing/oracle.js";
import { verifyWitness } from "../witness.js";

/** GAUNTLET_LONG=1: ten times as many histories. */
const ROUNDS = process.env["GAUNTLET_LONG"] === "1" ? 60 : 6;
const SIZES: readonly HistorySize[] = [
  { operations: 40, clients: 6, crashPercent: 0 },
  { operations: 150, clients: 4, crashPercent: 2 },
  { operations: 300, clients: 3, crashPercent: 0 },
];
/** Little, so that an engine that does badly on a history gives up soon: a limit that is the same on every machine. */
const MAX_BYTES = 2 ** 20;

class Agreement {
  ok = 0;
  illegal = 0;
  /** Partitions that a second one decided, or a third. */
  again = 0;
  readonly wrong: string[] = [];

  /** `legal`: known to be. */
  compare(drawn: AnyCase, history: readonly AnyOperation[], legal: boolean): void {
    const first = new Map<string, { readonly engine: string; readonly said: string }>();
    const judges = [
      ...ENGINE_NAMES.map((engine) => ({ engine, model: drawn.model })),
      { engine: "frontier" as const, model: withoutHooks(drawn.model) },
    ];
    for (const { engine, model } of judges) {
      const { partitions } = checkOperations(model, history, {
        engine,
        maxBytes: MAX_BYTES,
        verifyWitness: true,
      });
      for (const result of partitions) {
        if (result.verdict === "unknown") continue;
        const blame = (problem: string): void => {
          this.wrong.push(
            `${engine}, model ${model.name}, key "${result.key}": ${problem}: ${JSON.stringify(history)}`,
          );
        };
        const said = result.verdict === "illegal" ? `illegal at ${result.failedAt}` : "ok";
        if (legal && said !== "ok") blame(`${said}, but it took effect in this very order`);
        if (!partialOrderHolds(drawn, history, result)) blame("the partial order is not legal");
        const known = first.get(result.key);
        if (known === undefined) {
          first.set(result.key, { engine, said });
          this[result.verdict]++;
        } else {
          this.again++;
          if (known.said !== said) blame(`${said}, but ${known.engine} said ${known.said}`);
        }
      }
    }
  }
}

function partialOrderHolds(
  { model }: AnyCase,
  history: readonly AnyOperation[],
  result: PartitionResult,
): boolean {
  if (result.verdict !== "illegal") return true;
  return verifyWitness(model, history, result.partialOrder, { partial: true }).valid;
}

describe("engines agree on histories too long to try every order", () => {
  test.each(MODEL_CASES.map((drawn, i) => ({ name: drawn.name, drawn, seed: 1000 + i })))(
    "$name",
    ({ drawn, seed, name }) => {
      const random = new Random(seed);
      const found = new Agreement();
      for (let i = 0; i < ROUNDS && found.wrong.length === 0; i++) {
        const legal = simulatedHistory(drawn, random, SIZES[i % SIZES.length]);
        found.compare(drawn, legal, true);
        found.compare(drawn, withAnotherAnswer(drawn, legal, random) ?? legal, false);
      }
      console.log(`${name}: ${found.ok} ok, ${found.illegal} illegal, ${found.again} decided again`);
      expect(found.wrong).toEqual([]);
      expect(found.again).toBeGreaterThanOrEqual(ROUNDS / 3);
    },
    600_000,
  );
});
