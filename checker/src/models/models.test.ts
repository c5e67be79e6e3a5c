import { describe, expect, test } from "vitest";
import { checkOperations } from "../check.js";
import type { Model, Scalar } from "../model.js";
import { InputError } from "../operation.js";
import { counter } from "./counter.js";
import { fifoQueue } from "./fifo-queue.js";
import { type AnyModel, BuiltInModelError, builtInModel, modelNames } from "./index.js";
import { kv } from "./kv.js";
import { multiRegister } from "./multi-register.js";
import { mutex } from "./mutex.js";
import { set } from "./set.js";
import { stack } from "./stack.js";
import { unorderedQueue } from "./unordered-queue.js";

/** One operation after the other; an answer "?" never returned. */
type Line = readonly [input: object, output: object | "?"];

function verdict<State, Input, Output>(model: Model<State, Input, Output>, ...lines: Line[]): string {
  const operations = lines.map(([input, output], i) =>
    output === "?"
      ? { process: 100 + i, input: input as Input, call: 2 * i }
      : { process: 0, input: input as Input, output: output as Output, call: 2 * i, return: 2 * i + 1 },
  );
  return checkOperations(model, operations, { verifyWitness: true }).verdict;
}

describe("kv", () => {
  const get = (value: string): Line => [{ f: "get", key: "k" }, { value }];
  const put = (value: string): Line => [{ f: "put", key: "k", value }, {}];
  const append = (value: string): Line => [{ f: "append", key: "k", value }, {}];

  test("put replaces, append adds at the end, a key that was never put is empty", () => {
    expect(
      verdict(kv(), get(""), append("a"), append("b"), get("ab"), put("c"), append("d"), get("cd")),
    ).toBe("ok");
    expect(verdict(kv(), append("a"), append("b"), get("ba"))).toBe("illegal");
    expect(verdict(kv({ initial: "x" }), get("x"), append("y"), get("xy"))).toBe("ok");
    expect(verdict(kv(), get("x"))).toBe("illegal");
  });

  test("a put brings a key back whose value no get saw", () => {
    expect(verdict(kv(), append("never seen"), append("more"), put("a"), get("a"))).toBe("ok");
    expect(verdict(kv(), append("never seen"), get(""))).toBe("illegal");
    expect(verdict(kv(), [append("z")[0], "?"], get(""), append("a"), get("a"))).toBe("ok");
  });

  test("keys do not see each other", () => {
    expect(verdict(kv(), put("a"), [{ f: "get", key: "other" }, { value: "" }])).toBe("ok");
  });

  test("long values are told by their ends", () => {
    const described = kv().describeState(`${"a".repeat(500)}end`);
    expect(described).toMatch(/^"a{40}" … "a{57}end" \(503 characters\)$/);
  });
});

describe("multi-register", () => {
  const txn = (...parts: (readonly [string, string | number, string | number | null])[]): Line => [
    { f: "txn", value: parts.map(([f, k, v]) => [f, k, f === "r" ? null : v]) },
    { value: parts },
  ];

  test("takes effect at one instant, and reads its own writes", () => {
    const model = multiRegister({ initial: [["x", 0]] });
    expect(
      verdict(model, txn(["r", "x", 0], ["w", "y", 1], ["r", "y", 1]), txn(["r", "y", 1], ["r", "z", null])),
    ).toBe("ok");
    expect(verdict(model, txn(["w", "x", 1], ["w", "y", 1]), txn(["r", "x", 1], ["r", "y", null]))).toBe(
      "illegal",
    );
  });

  test('tells 1 from "1", as name and as value', () => {
    expect(verdict(multiRegister(), txn(["w", 1, "1"]), txn(["r", "1", null], ["r", 1, "1"]))).toBe("ok");
    expect(verdict(multiRegister(), txn(["w", 1, "1"]), txn(["r", 1, 1]))).toBe("illegal");
  });

  test("an answer must fit its transaction", () => {
    const model = multiRegister();
    const input = { f: "txn", value: [["r", "x", null]] } as const;
    expect(model.problem?.(input, { value: [] })).toMatch("same length");
    expect(model.problem?.(input, { value: [["r", "y", 1]] })).toMatch('part 0 of a txn is ["r","x",null]');
    expect(model.problem?.({ f: "txn", value: [["x", "y", 1]] } as never, undefined)).toMatch(
      '["x","y",1] in a txn is none of',
    );
  });
});

describe("mutex", () => {
  const acquire: Line = [{ f: "acquire" }, {}];
  const release: Line = [{ f: "release" }, {}];

  test("is held once at a time, whoever holds it", () => {
    expect(verdict(mutex(), acquire, release, acquire)).toBe("ok");
    expect(verdict(mutex(), acquire, acquire)).toBe("illegal");
    expect(verdict(mutex(), release)).toBe("illegal");
    expect(verdict(mutex({ initial: true }), release, acquire)).toBe("ok");
    expect(verdict(mutex({ initial: true }), acquire)).toBe("illegal");
    expect(verdict(mutex(), acquire, [{ f: "release" }, "?"], acquire)).toBe("ok");
  });
});

describe("set", () => {
  const add = (value: string | number): Line => [{ f: "add", value }, {}];
  const read = (...value: (string | number)[]): Line => [{ f: "read" }, { value }];

  test("holds what was added and not removed, in any order", () => {
    expect(
      verdict(set(), add(2), add("a,b"), read("a,b", 2), [{ f: "remove", value: 2 }, {}], read("a,b")),
    ).toBe("ok");
    expect(verdict(set(), add("a"), add("b"), read("a,b"))).toBe("illegal");
    expect(verdict(set(), add(1), read("1"))).toBe("illegal");
    expect(verdict(set(), add(1), add(1), read(1, 1))).toBe("illegal");
    expect(verdict(set(), add(1), read())).toBe("illegal");
    expect(verdict(set(), [{ f: "contains", value: 1 }, { value: true }])).toBe("illegal");
  });

  test("an add that never returned may have happened, or not", () => {
    expect(verdict(set(), [{ f: "add", value: 1 }, "?"], read(), read(1), read(1))).toBe("ok");
    expect(verdict(set(), [{ f: "add", value: 1 }, "?"], read(1), read())).toBe("illegal");
  });
});

describe("counter", () => {
  const add = (value: number): Line => [{ f: "add", value }, {}];
  const read = (value: number): Line => [{ f: "read" }, { value }];

  test("sums up, from where it began", () => {
    expect(verdict(counter({ initial: 5 }), add(2), read(7), add(-10), read(-3))).toBe("ok");
    expect(verdict(counter(), add(2), read(0))).toBe("illegal");
    expect(verdict(counter(), [{ f: "add", value: 3 }, "?"], read(0), read(3), read(3))).toBe("ok");
    expect(verdict(counter(), [{ f: "add", value: 3 }, "?"], read(6))).toBe("illegal");
  });

  test("stops where numbers are no longer exact", () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(() => verdict(counter(), add(most), add(most), add(-most), read(most))).toThrow("not exact");
  });
});

describe("queues and stacks", () => {
  const put = (f: string, value: string | number): Line => [{ f, value }, {}];
  const take = (f: string, value: string | number | null): Line => [{ f }, { value }];

  test.each([
    ["fifo-queue", fifoQueue() as AnyModel, ["a", "b", "c"], "ok"],
    ["fifo-queue", fifoQueue() as AnyModel, ["c", "b", "a"], "illegal"],
    ["stack", stack() as AnyModel, ["c", "b", "a"], "ok"],
    ["stack", stack() as AnyModel, ["a", "b", "c"], "illegal"],
    ["unordered-queue", unorderedQueue() as AnyModel, ["b", "c", "a"], "ok"],
    ["unordered-queue", unorderedQueue() as AnyModel, ["b", "b", "a"], "illegal"],
  ])("%s takes out in its order", (name, model, order, expected) => {
    const [into, from] = name === "stack" ? ["push", "pop"] : ["enqueue", "dequeue"];
    const lines = [
      ...["a", "b", "c"].map((value) => put(into, value)),
      ...order.map((value) => take(from, value)),
    ];
    expect(verdict(model, ...lines, take(from, null))).toBe(expected);
    expect(verdict(model, ...lines.slice(0, -1), take(from, null))).toBe("illegal");
  });

  test("what never returned may have taken a value", () => {
    const lost: Line = [{ f: "dequeue" }, "?"];
    for (const model of [fifoQueue() as AnyModel, unorderedQueue() as AnyModel]) {
      expect(
        verdict(model, put("enqueue", 1), put("enqueue", 2), lost, take("dequeue", 2), take("dequeue", null)),
      ).toBe("ok");
      expect(verdict(model, put("enqueue", 1), put("enqueue", 2), take("dequeue", null))).toBe("illegal");
    }
  });
});

describe("models by name", () => {
  test("each name makes its model, without options too", () => {
    expect(modelNames.length).toBeGreaterThanOrEqual(10);
    for (const name of modelNames) expect(builtInModel(name).name).toBe(name);
  });

  test.each([
    [{ initial: { x: 0, y: "a" } }],
    [
      {
        initial: [
          ["x", 0],
          ["y", "a"],
        ],
      },
    ],
  ])("multi-register begins with %j, and can be made again", (options) => {
    const model = builtInModel("multi-register", options);
    const reads = (...value: (readonly [string, string, Scalar])[]): Line => [
      { f: "txn", value: value.map(([f, register]) => [f, register, null]) },
      { value },
    ];
    for (const made of [model, builtInModel(model.spec?.name ?? "", model.spec?.options)]) {
      expect(verdict(made, reads(["r", "x", 0], ["r", "y", "a"], ["r", "z", null]))).toBe("ok");
      expect(verdict(made, reads(["r", "x", null]))).toBe("illegal");
    }
  });

  test("an unknown name: the nearest, and all there are", () => {
    expect(() => builtInModel("CAS-registr")).toThrow(
      'there is no model "CAS-registr", did you mean cas-register?; known: register, cas-register',
    );
    expect(() => builtInModel("blockchain")).toThrow('there is no model "blockchain"; known: ');
    expect(() => builtInModel("__proto__")).toThrow(BuiltInModelError);
  });

  test.each([
    ["mutex", { initial: 1 }, "option initial of model mutex must be true (locked) or false (free), not 1"],
    ["set", { initial: [] }, 'model set has no option "initial"; it takes none'],
    ["kv", { inital: "" }, 'model kv has no option "inital"; it takes: initial'],
    ["kv", { initial: 1 }, "option initial of model kv must be a string, not 1"],
    ["counter", { initial: 0.5 }, "must be an integer, not 0.5"],
    ["cas-register", { initial: [1] }, "must be a string, a number, or null for absent, not [1]"],
    [
      "multi-register",
      { initial: { x: null } },
      "must be an object of values by register, or a list of pairs [register, value]",
    ],
    ["multi-register", { initial: { 1: 0 } }, 'need the pairs: 1 and "1" are two), not {"1":0}'],
    ["multi-register", { initial: [["x"]] }, 'not [["x"]]'],
  ])("%s does not take %j", (name, options, message) => {
    expect(() => builtInModel(name, options)).toThrow(message);
  });

  test.each([
    ["kv", { f: "get" }, { value: "" }, "get needs a key, a string"],
    ["kv", { f: "get", key: "a" }, {}, "get must say what it returned"],
    ["kv", { f: "append", key: "a", value: 1 }, {}, "append needs a value, a string"],
    ["kv", { f: "cas", key: "a" }, {}, 'unknown operation "cas"; known: get, put, append'],
    ["mutex", { f: "lock" }, {}, 'unknown operation "lock"; known: acquire, release'],
    ["set", { f: "add" }, {}, "add needs a value, a string or a number"],
    ["set", { f: "read" }, { value: [null] }, "a read must say which elements it returned"],
    ["set", { f: "contains", value: 1 }, {}, "contains must say what it returned, true or false"],
    ["counter", { f: "add", value: 1.5 }, {}, "an add needs a value, an integer"],
    ["counter", { f: "read" }, {}, "a read must say what it returned, an integer"],
    ["stack", { f: "pop" }, {}, "pop must say what it returned: a string, a number, or null for nothing"],
    ["fifo-queue", { f: "enqueue", value: null }, {}, "enqueue needs a value"],
    ["unordered-queue", { f: "push", value: 1 }, {}, 'unknown operation "push"; known: enqueue, dequeue'],
    ["multi-register", { f: "txn" }, {}, "a txn needs a value: a list of"],
  ])("%s: %j answered %j is no operation of it", (name, input, output, message) => {
    const check = (): unknown =>
      checkOperations(builtInModel(name), [{ process: 0, input, output, call: 0, return: 1 }]);
    expect(check).toThrow(InputError);
    expect(check).toThrow(message);
  });
});
