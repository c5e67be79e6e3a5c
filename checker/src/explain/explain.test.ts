import { expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory, Random } from "../generator.js";
import { casRegister } from "../models/cas-register.js";
import { fifoQueue } from "../models/fifo-queue.js";
import { at } from "../operation.js";
import type { PartitionIllegal } from "../result.js";
import { isLinearizableRegister } from "../testing/register-oracle.js";
import { type Explanation, explain } from "./explain.js";
import { explanationSvg } from "./svg.js";
import { explanationText } from "./text.js";

const model = casRegister();

function violationOf(history: readonly CasRegisterOperation[]): PartitionIllegal | undefined {
  const [partition] = checkOperations(model, history).partitions;
  return partition?.verdict === "illegal" ? partition : undefined;
}

function explained(history: readonly CasRegisterOperation[]): Explanation {
  const violation = violationOf(history);
  if (violation === undefined) throw new Error("the history is legal");
  return explain(model, history, violation);
}

/** By trying every choice of what took effect and what did not. */
function isLegalWith(
  history: readonly CasRegisterOperation[],
  required: readonly number[],
  optional: readonly number[],
): boolean {
  for (let choice = 0; choice < 2 ** optional.length; choice++) {
    const chosen = [...required, ...optional.filter((_, i) => (choice >> i) & 1)];
    if (isLegal(chosen.map((position) => at(history, position)))) return true;
  }
  return false;
}

function isLegal(history: readonly CasRegisterOperation[]): boolean {
  return isLinearizableRegister(history);
}

test("what is required is illegal, and legal as soon as any one of it may be left out", () => {
  const random = new Random(11);
  let explainedCount = 0;
  for (let i = 0; explainedCount < 150 && i < 2000; i++) {
    const whole = generateHistory({
      seed: i,
      operations: 4 + random.below(6),
      clients: 2 + random.below(3),
      values: random.below(3) === 0 ? "unique" : 3,
      crashRate: random.pick([0, 0.2]),
      grainUs: random.pick([1, 800]),
    });
    const history = breakOneAnswer(whole, i) ?? whole;
    const violation = violationOf(history);
    if (violation === undefined) continue;
    explainedCount++;
    const { required, optional, isMinimal } = explain(model, history, violation);
    const end = at(history, violation.failedAt).return ?? 0;
    const rest = history.flatMap(({ call }, position) =>
      call <= end && !required.includes(position) ? [position] : [],
    );
    expect(isMinimal).toBe(true);
    expect(required).toContain(violation.failedAt);
    expect(isLegal(required.map((position) => at(history, position)))).toBe(false);
    expect(isLegalWith(history, required, rest)).toBe(false);
    for (const one of required) {
      const others = required.filter((other) => other !== one);
      expect(isLegalWith(history, others, [...optional, one])).toBe(true);
    }
  }
  expect(explainedCount).toBe(150);
});

const register = (
  process: number,
  call: number,
  end: number | undefined,
  input: CasRegisterOperation["input"],
  output?: CasRegisterOperation["output"],
): CasRegisterOperation => ({ process, call, return: end, input, output });

const STALE: readonly CasRegisterOperation[] = [
  register(0, 0, 1, { f: "write", key: "r4", value: 1 }, {}),
  register(1, 2, 9, { f: "write", key: "r4", value: 7 }, {}),
  register(1, 10, 12, { f: "write", key: "r4", value: 2 }, {}),
  register(0, 11, 13, { f: "read", key: "r4" }, { value: 2 }),
  register(3, 14, 15, { f: "read", key: "r4" }, { value: 1 }),
];

test("a stale read in a sentence that is read once", () => {
  expect(explained(STALE).sentence).toBe(
    "no order explains the read of r4 that returned 1 (operation 4, process 3): before it began, " +
      "the read of r4 that returned 2 (operation 3, process 0) had been answered; " +
      "the write of 1 to r4 (operation 0, process 0) and the write of 2 to r4 (operation 2, process 1) were over by then",
  );
});

test("a value from nowhere", () => {
  const history = [register(2, 0, 1, { f: "read" }, { value: 5 })];
  expect(explained(history)).toMatchObject({
    required: [0],
    optional: [],
    sentence:
      "no order explains the read that returned 5 (operation 0, process 2): " +
      "nothing that was called before it returned could have led to it",
  });
});

test("writes that never returned are used up one by one", () => {
  const history = [
    register(0, 0, 1, { f: "write", value: 1 }, {}),
    register(1, 2, undefined, { f: "write", value: 2 }),
    register(2, 3, undefined, { f: "write", value: 1 }),
    ...[1, 2, 1, 2].map((value, i) => register(3, 4 + 2 * i, 5 + 2 * i, { f: "read" }, { value })),
  ];
  expect(explained(history)).toMatchObject({ required: [4, 5, 6], isMinimal: true });
});

test("a picture for a terminal: lanes, in order of time", () => {
  expect(`\n${explanationText(model, STALE, explained(STALE))}\n`).toBe(`
process 0  ├┄ write of 1 to r4 ┄┤   ├─ read of r4 that returned 2 ─┤
process 1                         ├┄ write of 2 to r4 ┄┤
process 3                                                            ┝━ read of r4 that returned 1 ━┥ ✗
`);
});

test("a picture for a bug report shows every operation and escapes what was written", () => {
  const history = [
    register(0, 0, 1, { f: "write", value: "<b>&\u0000" }, {}),
    register(1, 2, 3, { f: "write", value: "2" }, {}),
    register(2, 4, 5, { f: "read" }, { value: "<b>&\u0000" }),
  ];
  const svg = explanationSvg(model, history, explained(history));
  expect(svg.match(/<g>/g)).toHaveLength(3);
  expect(svg).toContain("&lt;b&gt;&amp;");
  expect(svg).not.toContain("<b>");
  expect(svg).toContain('class="failed"');
});

test("a long history is reduced to the few operations that matter", () => {
  const whole = generateHistory({ seed: 3, operations: 3000, clients: 8, values: 5, crashRate: 0.01 });
  const history = [
    ...whole,
    register(9_000, 1e12, 1e12 + 1, { f: "write", value: 3 }, {}),
    register(9_001, 1e12 + 2, 1e12 + 3, { f: "read" }, { value: 77 }),
  ];
  const { required } = explained(history);
  expect(required).toEqual([history.length - 1]);
});

test("no time: small or not, the reason is still illegal, and says that it is not minimal", () => {
  const whole = generateHistory({ seed: 3, operations: 300, clients: 8, values: 5 });
  const broken = Array.from({ length: 20 }, (_, seed) => breakOneAnswer(whole, seed) ?? whole);
  const history = broken.find((one) => violationOf(one) !== undefined) ?? whole;
  const violation = violationOf(history) as PartitionIllegal;
  const { required } = explain(model, history, violation, { timeoutMs: 0 });
  const part = required.map((position) => at(history, position));
  expect(checkOperations(model, part).verdict).toBe("illegal");
});

test("an object that could grow for ever does not take all memory", () => {
  const history = [
    { process: 0, input: { f: "enqueue", value: "a" }, output: {}, call: 0, return: 1 },
    { process: 0, input: { f: "dequeue" }, output: { value: "a" }, call: 2, return: 3 },
    { process: 0, input: { f: "dequeue" }, output: { value: "b" }, call: 4, return: 5 },
  ] as const;
  const [violation] = checkOperations(fifoQueue(), history).partitions;
  if (violation?.verdict !== "illegal") throw new Error("the history is legal");
  expect(explain(fifoQueue(), history, violation)).toMatchObject({ required: [2], isMinimal: true });
});
