import { expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { Random } from "../generator.js";
import { at } from "../operation.js";
import { type AnyOperation, blindHistory, drawHistory } from "../testing/histories.js";
import { MODEL_CASES } from "../testing/model-cases.js";
import { isLinearizable } from "../testing/oracle.js";
import { explain } from "./explain.js";

const WANTED = 100;
/** Every choice of what took effect is tried: 2 to this power orders' worth. */
const MOST_OPTIONAL = 7;

test.each(MODEL_CASES.map((one) => [one.name, one] as const))(
  "%s: what is required contradicts itself, and less of it would not",
  (_name, drawn) => {
    const random = new Random(77);
    const { model } = drawn;
    const isLegalWith = (
      history: readonly AnyOperation[],
      required: readonly number[],
      optional: readonly number[],
    ): boolean => {
      for (let choice = 0; choice < 2 ** optional.length; choice++) {
        const chosen = [...required, ...optional.filter((_, i) => (choice >> i) & 1)];
        if (
          isLinearizable(
            model,
            chosen.map((position) => at(history, position)),
          )
        )
          return true;
      }
      return false;
    };
    let explained = 0;
    for (let i = 0; explained < WANTED && i < 5_000; i++) {
      const history = i % 2 === 0 ? drawHistory(drawn, random) : blindHistory(drawn, random);
      for (const partition of checkOperations(model, history).partitions) {
        if (partition.verdict !== "illegal") continue;
        const { required, optional, isMinimal } = explain(model, history, partition);
        const end = at(history, partition.failedAt).return ?? 0;
        const rest = partition.operations.filter(
          (position) => at(history, position).call <= end && !required.includes(position),
        );
        if (rest.length > MOST_OPTIONAL) continue;
        explained++;
        expect(isMinimal).toBe(true);
        expect(required).toContain(partition.failedAt);
        expect(isLegalWith(history, required, rest)).toBe(false);
        for (const one of required) {
          const others = required.filter((other) => other !== one);
          expect(isLegalWith(history, others, [...optional, one])).toBe(true);
        }
      }
    }
    expect(explained).toBeGreaterThanOrEqual(WANTED);
  },
);
