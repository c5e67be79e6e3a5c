import { expect, test } from "vitest";
import { Random } from "../generator.js";
import { ETCD_KEY_CASES } from "../testing/etcd-key-case.js";
import { etcdKeyReference } from "../testing/etcd-key-reference.js";
import { type AnyOperation, drawHistory } from "../testing/histories.js";
import { isLinearizable } from "../testing/oracle.js";
import type { AnyModel } from "./index.js";

/** GAUNTLET_LONG=1: ten times as many histories. */
const HISTORIES = process.env["GAUNTLET_LONG"] === "1" ? 6000 : 600;

/** The highest number in it, and some for changes of which nothing was recorded. */
function mostRevisions(history: readonly AnyOperation[]): number {
  const numbers = JSON.stringify(history.map(({ input, output }) => [input, output])).match(/\d+/g) ?? [];
  return Math.max(2, ...numbers.map(Number)) + history.length;
}

test.each(ETCD_KEY_CASES.map((drawn, i) => ({ name: drawn.name, drawn, seed: 40 + i })))(
  "etcd-key is as the reference, whose revisions are never in doubt: $name",
  ({ drawn, seed }) => {
    const random = new Random(seed);
    const counts = { legal: 0, illegal: 0 };
    const differing: string[] = [];
    for (let i = 0; i < HISTORIES; i++) {
      const history = drawHistory(drawn, random);
      // Each open revision multiplies the reference's states.
      if (history.filter((operation) => operation.output === undefined).length > 2) continue;
      const reference = etcdKeyReference(mostRevisions(history)) as unknown as AnyModel;
      const expected = isLinearizable(reference, history);
      counts[expected ? "legal" : "illegal"]++;
      if (isLinearizable(drawn.model, history) !== expected)
        differing.push(`reference: ${expected}: ${JSON.stringify(history)}`);
    }
    expect(differing).toEqual([]);
    expect(Math.min(counts.legal, counts.illegal)).toBeGreaterThan(HISTORIES / 8);
  },
);
