import { expect, test } from "vitest";
import { Task } from "../engine.js";
import { createEngine } from "../decide.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory, Random } from "../generator.js";
import { casRegister, type CasRegisterInput, type CasRegisterOutput } from "../models/cas-register.js";
import type { Model } from "../model.js";
import type { Engine, EngineOutcome } from "../engine.js";
import { verifyWitness } from "../witness.js";

type Register = Model<string | number | null, CasRegisterInput, CasRegisterOutput>;
const model: Register = casRegister();
/** Without any of the hints that make a check faster. */
const plain: Register = {
  name: "plain",
  init: () => model.init(),
  step: (state, input, output) => model.step(state, input, output),
  stateKey: (state) => model.stateKey(state),
  describeOperation: (input, output) => model.describeOperation(input, output),
  describeState: (state) => model.describeState(state),
};
/** A crashed write may also be torn: the register is lost. */
const torn: Register = {
  ...plain,
  name: "torn",
  step: (state, input, output) =>
    input.f === "write" && output === undefined ? [input.value, null] : model.step(state, input, output),
  operationKey: (input, output) => model.operationKey?.(input, output) ?? "",
};

function run(engine: Engine): EngineOutcome {
  const steps = engine.run();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function decide(
  checked: Register,
  history: readonly CasRegisterOperation[],
  name: "frontier" | "depth-first",
): { engine: Engine; outcome: EngineOutcome } {
  const engine = createEngine(name, new Task(checked, history), { isFull: () => false });
  return { engine, outcome: run(engine) };
}

/** A legal history with some answers changed. */
function spoilt(random: Random): CasRegisterOperation[] {
  const history = generateHistory({
    seed: random.below(2 ** 31),
    operations: 2 + random.below(40),
    clients: 1 + random.below(6),
    values: random.below(4) === 0 ? "unique" : 1 + random.below(5),
    crashRate: random.pick([0, 0.1, 0.3, 0.6]),
    reads: random.pick([0.2, 0.4, 0.6]),
    grainUs: random.pick([1, 500, 2000]),
  });
  let broken = history;
  for (let changes = random.below(4); changes > 0; changes--)
    broken = breakOneAnswer(broken, random.below(2 ** 31)) ?? broken;
  return broken;
}

/** Where the outcome's evidence does not hold; undefined: it does. */
function fault(
  checked: Register,
  history: readonly CasRegisterOperation[],
  outcome: EngineOutcome,
): string | undefined {
  if (outcome.type === "ok") {
    const witness = verifyWitness(checked, history, outcome.order);
    return witness.valid ? undefined : witness.problem;
  }
  if (outcome.type !== "illegal") return outcome.type;
  const { operation, orders, stateCount } = outcome;
  if (orders.length === 0 || orders.length !== Math.min(stateCount, 16))
    return `${orders.length} orders for ${stateCount} states`;
  const end = history[operation]?.return ?? Number.NaN;
  for (const order of orders) {
    const partial = verifyWitness(checked, history, order, { partial: true });
    if (!partial.valid) return partial.problem;
    const missing = history.findIndex(
      ({ return: returned = Infinity }, position) => returned < end && !order.includes(position),
    );
    if (missing !== -1) return `operation ${missing} had returned and is missing`;
  }
  return undefined;
}

test("agrees with the frontier on the verdict and on the operation where it broke, with evidence that holds", () => {
  const random = new Random(11);
  const wrong: unknown[] = [];
  const count = { ok: 0, illegal: 0 };
  for (let i = 0; i < 3_000; i++) {
    const history = spoilt(random);
    const checked = random.pick([model, model, plain, torn]);
    const frontier = decide(checked, history, "frontier");
    const { engine, outcome } = decide(checked, history, "depth-first");
    if (outcome.type === "ok" || outcome.type === "illegal") count[outcome.type]++;
    const [brokeAt, expected] = [outcome, frontier.outcome].map((o) =>
      o.type === "illegal" ? o.operation : o.type,
    );
    const problem = fault(checked, history, outcome);
    if (
      brokeAt !== expected ||
      engine.settledReturns !== frontier.engine.settledReturns ||
      problem !== undefined
    )
      wrong.push({ model: checked.name, brokeAt, expected, problem, history });
  }
  console.log(`depth-first against frontier: ${JSON.stringify(count)}`);
  expect(wrong).toEqual([]);
  expect(count.ok).toBeGreaterThan(1000);
  expect(count.illegal).toBeGreaterThan(1000);
});
