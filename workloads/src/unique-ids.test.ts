import { describeWorkload } from "./testing/planted.js";
import { called, crashed, failed, history, ok, whole } from "./testing/told.js";

const generate = (process: number) => ({ process, f: "generate", key: "u0" }) as const;
const id = (process: number, number: number) => whole(generate(process), { value: `u0-${number}` });
const stands = (process: number, value: unknown) => whole({ process, f: "read", key: "u0" }, { value });

describeWorkload(
  "unique-ids",
  [
    {
      what: "an id that is handed out twice, one after the other",
      events: history(id(0, 1), id(1, 1), stands(2, 2)),
      check: "unique-ids",
      words: "given out more than once",
      operations: [0, 2],
      live: true,
    },
    {
      what: "the same, to two that asked at the same time",
      events: history(
        called(generate(0)),
        called(generate(1)),
        ok(generate(0), { value: "u0-1" }),
        ok(generate(1), { value: "u0-1" }),
        stands(2, 2),
      ),
      check: "unique-ids",
      words: "given out more than once",
      operations: [0, 1],
      live: true,
    },
    {
      what: "an id below one that had been handed out",
      events: history(id(0, 3), id(1, 2), stands(2, 2)),
      check: "id-order",
      words: 'answered "u0-2"',
      operations: [2, 0],
      live: true,
    },
    {
      what: "a sequence that went back",
      events: history(id(0, 1), id(0, 2), stands(2, 1)),
      check: "id-order",
      words: "answered 1",
      operations: [4, 2],
      live: true,
    },
    {
      what: "an id that was used up by what failed",
      events: history(called(generate(0)), failed(generate(0)), stands(1, 1)),
      check: "counter-bounds",
      words: "returned 1, but the counter was exactly 0",
      operations: [2],
      live: true,
    },
  ],
  [
    [
      "an id that a crashed operation took",
      history(called(generate(0)), crashed(generate(0)), id(1, 2), stands(2, 2)),
    ],
    [
      "a failed operation that took none",
      history(called(generate(0)), failed(generate(0)), id(1, 1), stands(2, 1)),
    ],
  ],
);
