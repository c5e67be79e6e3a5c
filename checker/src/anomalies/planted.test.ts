import { expect, test } from "vitest";
import { consistencyModels, forbiddenBy } from "./consistency-models.js";
import { generateTransactions } from "./generator.js";
import { analyzeListAppend } from "./list-append.js";
import { parseListAppend } from "./list-append-history.js";
import { plantable, scenarioEvents } from "./planted.js";

const SEEDS = [1, 2, 3, 4, 5];
const SMALL = { transactions: 120, clients: 5, failRate: 0.05, crashRate: 0.05 };

test("legal histories have no anomaly under any model", () => {
  for (let seed = 0; seed < 60; seed++) {
    const history = parseListAppend(
      generateTransactions({
        seed,
        ...SMALL,
        keys: 1 + (seed % 5),
        appendsPerKey: 4 + seed,
        finalReads: seed % 2 === 0,
      }),
    );
    for (const consistencyModel of consistencyModels) {
      const { verdict, details, reason } = analyzeListAppend(history, { consistencyModel });
      expect([seed, consistencyModel, verdict, details.anomalies, reason]).toEqual([
        seed,
        consistencyModel,
        "ok",
        [],
        expect.stringMatching(/^no anomaly in \d+ transactions$/),
      ]);
    }
  }
});

test.each(plantable)("a planted %s is found by name, and forbidden by the models that forbid it", (type) => {
  const wrong: string[] = [];
  for (const seed of SEEDS) {
    const columns = parseListAppend(generateTransactions({ seed, ...SMALL, plant: [type] }));
    for (const consistencyModel of consistencyModels) {
      const { verdict, details } = analyzeListAppend(columns, { consistencyModel });
      const found: readonly string[] = details.anomalies.map((anomaly) => anomaly.type);
      const forbidden: ReadonlySet<string> = forbiddenBy(consistencyModel);
      if (forbidden.has(type) && !found.includes(type))
        wrong.push(`${seed} ${consistencyModel}: found ${found.join()}`);
      // Nothing is illegal but for an anomaly that was found, and that the model forbids.
      if ((verdict === "illegal") !== found.some((name) => forbidden.has(name)))
        wrong.push(`${seed} ${consistencyModel}: ${verdict}, ${found.join()}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("the smallest histories have their anomaly and only what goes with it", () => {
  const found = Object.fromEntries(
    plantable.map((type) => [
      type,
      analyzeListAppend(parseListAppend(scenarioEvents(type, "", 0)))
        .details.anomalies.map((a) => a.type)
        .join(" "),
    ]),
  );
  expect(found).toMatchInlineSnapshot(`
    {
      "G-nonadjacent-item": "G-nonadjacent-item",
      "G-nonadjacent-item-process": "G-nonadjacent-item-process",
      "G-nonadjacent-item-realtime": "G-nonadjacent-item-realtime",
      "G-single-item": "G-single-item",
      "G-single-item-process": "G-single-item-process",
      "G-single-item-realtime": "G-single-item-realtime",
      "G0": "G0",
      "G0-process": "G0-process",
      "G0-realtime": "G0-realtime",
      "G1a": "G1a empty-transaction-graph",
      "G1b": "G1b G-single-item",
      "G1c": "G1c",
      "G1c-process": "G1c-process",
      "G1c-realtime": "G1c-realtime",
      "G2-item": "G2-item",
      "G2-item-process": "G2-item-process",
      "G2-item-realtime": "G2-item-realtime",
      "dirty-update": "G1a dirty-update",
      "duplicate-elements": "duplicate-elements",
      "fractured-read": "fractured-read G-single-item",
      "future-read": "future-read empty-transaction-graph",
      "garbage-read": "garbage-read empty-transaction-graph",
      "incompatible-order": "incompatible-order",
      "internal": "internal empty-transaction-graph",
      "lost-update": "lost-update G2-item",
      "reordered-appends": "reordered-appends G1b",
    }
  `);
});
