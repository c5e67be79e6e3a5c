import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../generator.js";
import { bank, type BankOptions } from "./bank.js";
import { events, simulate } from "./testing/histories.js";

const read = (process: number, value: unknown) =>
  [
    [process, "invoke", "read"],
    [process, "ok", "read", value],
  ] as const;

test("a wrong total: where it began, where it was worst, what it was compared with", () => {
  const history = events(
    ...read(0, { a: 5, b: 5 }),
    ...read(1, { a: 5, b: 4 }),
    ...read(1, { a: 9, b: 8 }),
    ...read(1, { a: 5, b: 6 }),
  );
  const { verdict, reason, details } = bank().run(history);
  expect(verdict).toBe("illegal");
  expect(reason).toBe(
    "3 of 4 reads wrong: read (operation 2, process 1) sums up to 9, not 10 (of the first read)",
  );
  const error = (index: number, total: number, badness: number) => ({
    type: "wrong-total",
    read: { index, completion: index + 1, process: 1, f: "read" },
    total,
    accounts: [],
    badness,
  });
  expect(details).toEqual({
    reads: { attempted: 4, answered: 4 },
    total: { value: 10, from: "first complete read" },
    accounts: { count: 2, from: "first complete read" },
    errorCount: 3,
    errors: {
      "wrong-total": { count: 3, first: error(2, 9, 1), last: error(6, 11, 1), worst: error(4, 17, 7) },
    },
  });
});

test.each<[string, BankOptions, unknown, string]>([
  ["unexpected-key", {}, { a: 5, b: 5, c: 0 }, 'showed 1 account not expected: "c"'],
  ["nil-balance", {}, { a: 5, b: null }, 'showed 1 account without a balance: "b"'],
  ["missing-key", {}, { a: 10 }, 'lacked 1 account: "b"'],
  ["negative-value", {}, { a: 12, b: -2 }, 'showed overdrawn accounts: "b", 2 in all'],
  ["wrong-total", { total: 11 }, { a: 5, b: 5 }, "sums up to 10, not 11 (given)"],
])("%s", (type, options, value, words) => {
  const { verdict, reason, details } = bank(options).run(
    events(...read(0, { a: 5, b: 5 }), ...read(1, value)),
  );
  expect(verdict).toBe("illegal");
  expect(reason).toContain(words);
  expect(Object.keys(details.errors)).toEqual([type]);
});

test("options say what else is right", () => {
  const history = events(
    ...read(0, { 0: 12, 1: -2 }),
    ...read(
      0,
      new Map([
        [0, 10],
        [1, 0],
      ]),
    ),
  );
  expect(bank().run(history).verdict).toBe("illegal");
  expect(bank({ negativeBalances: true, accounts: [0, 1], total: 10 }).run(history)).toMatchObject({
    verdict: "ok",
    reason: "2 reads, each of 10 in all, as given",
    details: { accounts: { count: 2, from: "options" } },
  });
  expect(bank({ accounts: ["0", "1", "2"] }).run(history).details.errors["missing-key"]?.count).toBe(2);
});

test("accounts are not known before a read is complete", () => {
  const nil = { a: null, b: 5 };
  const all = bank({ total: 5 }).run(events(...read(0, nil)));
  expect(all.details).toMatchObject({
    accounts: null,
    errors: { "nil-balance": { count: 1 } },
    errorCount: 1,
  });
  const first = bank().run(events(...read(0, nil), ...read(0, { a: 5, b: 5 })));
  expect(first.verdict).toBe("illegal");
  expect(first.details).toMatchObject({ total: { value: 10 }, errorCount: 1 });
});

test("the first read is the one that ended first", () => {
  const history = events([0, "invoke", "read"], ...read(1, { a: 1 }), [0, "ok", "read", { a: 2 }]);
  const { reason, details } = bank().run(history);
  expect(details.total?.value).toBe(1);
  expect(reason).toContain("read (operation 0, process 0) sums up to 2, not 1 (of the first read)");
});

test("completions alone are enough; nothing read is nothing known", () => {
  expect(bank().run(events([0, "ok", "read", { a: 1 }], [0, "ok", "read", { a: 2 }])).verdict).toBe(
    "illegal",
  );
  expect(bank().run([]).verdict).toBe("unknown");
  expect(bank().run(events([0, "invoke", "read"], [0, "info", "read"])).verdict).toBe("unknown");
});

test.each<[string, unknown]>([
  ["returns a map of account to balance, not null", null],
  ["returns a map of account to balance, not [1]", [1]],
  ['the balance of account "a" is 0.5', { a: 0.5 }],
  ['the balance of account "a" is "5"', { a: "5" }],
  ["account [1] is neither a string nor a number", new Map([[[1], 1]])],
  [
    'account "1" is there twice',
    new Map<unknown, number>([
      [1, 1],
      ["1", 1],
    ]),
  ],
  ["the sum of its balances exceeds", { a: 2 ** 53 - 1, b: 1 }],
])("no verdict: %s", (problem, value) => {
  const history = events(...read(0, value));
  expect(() => bank().run(history)).toThrowError(expect.objectContaining({ name: "InputError", index: 1 }));
  expect(() => bank().run(history)).toThrowError(problem);
  expect(() => bank({ total: 0.5 })).toThrowError("must be an integer");
});

test("a correct bank is never blamed; money lost between two accounts always is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const random = new Random(seed);
      const accounts = 2 + random.below(5);
      /** Without losses, or losing one unit in a transfer now and then. */
      const run = (lossy: boolean) => {
        const balances = Array.from({ length: accounts }, () => 10);
        let lost = false;
        let seen = false;
        const history = simulate(random, {
          steps: 100,
          clients: 4,
          crashRate: 0.03,
          failRate: 0.1,
          next: () =>
            random.below(2) === 0
              ? { f: "read", value: null }
              : {
                  f: "transfer",
                  value: {
                    from: random.below(accounts),
                    to: random.below(accounts),
                    amount: 1 + random.below(3),
                  },
                },
          apply: ({ f, value }) => {
            if (f === "read") {
              seen ||= lost;
              return Object.fromEntries(balances.entries());
            }
            const { from, to, amount } = value as { from: number; to: number; amount: number };
            if (from === to || (balances[from] ?? 0) < amount) return value;
            const loss = lossy && random.below(5) === 0 ? 1 : 0;
            lost ||= loss > 0;
            balances[from] = (balances[from] ?? 0) - amount;
            balances[to] = (balances[to] ?? 0) + amount - loss;
            return value;
          },
        });
        const answered = bank({ total: 10 * accounts }).run(history);
        return { answered, seen, history };
      };
      expect(run(false).answered.verdict).not.toBe("illegal");
      const { answered, seen, history } = run(true);
      // A read that saw the loss may have crashed before it could tell.
      const told = history.some(
        ({ type, f, value }) =>
          type === "ok" &&
          f === "read" &&
          Object.values(value as Record<string, number>).reduce((a, b) => a + b) < 10 * accounts,
      );
      expect(answered.verdict === "illegal").toBe(told);
      expect(told && !seen).toBe(false);
    }),
    { numRuns: 200, seed: 1 },
  );
});
