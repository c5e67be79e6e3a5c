import { describeWorkload } from "./testing/planted.js";
import { called, crashed, failed, history, whole } from "./testing/told.js";

const OPENING = Object.fromEntries(Array.from({ length: 8 }, (_, account) => [`b${account}`, null]));
const balances = (process: number, changes: Readonly<Record<string, unknown>>) =>
  whole({ process, f: "read" }, { value: { ...OPENING, ...changes } });
const transfer = (process: number, from: string, to: string, amount: number) =>
  ({ process, f: "transfer", value: { from, to, amount } }) as const;

describeWorkload(
  "bank",
  [
    {
      what: "a read of two moments: a wrong total",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: 45 })),
      check: "bank",
      words: "sums up to 395, not 400",
      operations: [2],
      live: true,
    },
    {
      what: "an overdrawn account",
      events: history(called(transfer(0, "b0", "b1", 60)), balances(1, { b0: -10, b1: 110 })),
      check: "bank",
      words: "overdrawn",
      operations: [1],
      live: true,
    },
    {
      what: "accounts that are gone, with the right total all the same",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: 45, b1: 55 }), balances(1, {})),
      check: "bank",
      words: "has nothing of account b0",
      operations: [4, 0],
      live: true,
    },
    {
      what: "a lost transfer, with the right total",
      events: history(
        whole(transfer(0, "b0", "b1", 5)),
        whole(transfer(0, "b0", "b1", 1)),
        balances(1, { b0: 49, b1: 51 }),
      ),
      check: "balances",
      words: "b0: 1 of 1 read out of bounds",
      operations: [4],
      live: true,
    },
    {
      what: "a transfer that took effect twice, with the right total",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: 40, b1: 60 })),
      check: "balances",
      words: "b0: 1 of 1 read out of bounds",
      operations: [2],
      live: true,
    },
    {
      what: "a failed transfer that took effect",
      events: history(
        called(transfer(0, "b0", "b1", 5)),
        failed(transfer(0, "b0", "b1", 5)),
        balances(1, { b0: 45, b1: 55 }),
      ),
      check: "balances",
      words: "b0: 1 of 1 read out of bounds",
      operations: [2],
      live: true,
    },
    {
      what: "what is no number",
      events: history(whole(transfer(0, "b0", "b1", 5)), balances(1, { b0: "spoilt", b1: 55 })),
      check: "bank",
      words: "without a balance",
      operations: [2],
      live: true,
    },
  ],
  [
    ["nothing that was written yet", history(balances(1, {}), called(transfer(0, "b0", "b1", 5)))],
    [
      "a crashed transfer that shows late",
      history(
        called(transfer(0, "b0", "b1", 5)),
        crashed(transfer(0, "b0", "b1", 5)),
        balances(1, {}),
        balances(1, { b0: 45, b1: 55 }),
      ),
    ],
  ],
);
