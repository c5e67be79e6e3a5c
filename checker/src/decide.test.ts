import { expect, test } from "vitest";
import { Decision } from "./decide.js";
import type { EngineLimits, EngineOutcome } from "./engine.js";
import { breakOneAnswer, generateHistory } from "./generator.js";
import { casRegister, type CasRegisterInput, type CasRegisterOutput } from "./models/cas-register.js";
import type { Model } from "./model.js";

/** Opens no linear path, so that the searches race. */
const { register: _register, ...model } = casRegister();
const NO_LIMITS: EngineLimits = { isFull: () => false };

function decide(decision: Decision<unknown, unknown, unknown>): EngineOutcome {
  for (;;) {
    const outcome = decision.advance(performance.now() + 1);
    if (outcome !== undefined) return outcome;
  }
}

type Register = Model<string | number | null, CasRegisterInput, CasRegisterOutput>;

function decision(
  checked: Register,
  history: ReturnType<typeof generateHistory>,
  limits = NO_LIMITS,
): Decision<unknown, unknown, unknown> {
  return new Decision(checked, history, limits) as unknown as Decision<unknown, unknown, unknown>;
}

const MANY_CRASHES = { operations: 1000, clients: 25, values: 5, crashRate: 0.1 };

/** Quickly proved breadth first, while the depth-first search goes through hundreds of times as many configurations. */
function violation(): ReturnType<typeof generateHistory> {
  const history = generateHistory({
    seed: 3,
    operations: 1000,
    clients: 5,
    values: "unique",
    crashRate: 0.3,
  });
  return [30, 31, 32].reduce((broken, seed) => breakOneAnswer(broken, seed) ?? broken, history);
}

test("a history that is decided at once has one engine only", () => {
  const history = generateHistory({ seed: 1, operations: 10, clients: 3, values: 3 });
  const easy = decision(model, history);
  expect(decide(easy).type).toBe("ok");
  expect(easy.started).toEqual(["depth-first"]);
});

test("a history with crashed operations, which the frontier alone would not decide, is decided", () => {
  for (let seed = 1; seed <= 5; seed++)
    expect(decide(decision(model, generateHistory({ ...MANY_CRASHES, seed }))).type).toBe("ok");
});

test("the frontier joins, and proves what the depth-first search would not", () => {
  const history = violation();
  const race = decision(model, history);
  expect(decide(race).type).toBe("illegal");
  expect(race.started).toEqual(["depth-first", "frontier"]);
  expect(race.engine?.name).toBe("frontier");
});

test("of two racers the one that holds more gives way when memory runs out", () => {
  const history = violation();
  const alone = new Decision(model, history, NO_LIMITS, "frontier");
  let enough = 0;
  while (alone.advance(performance.now()) === undefined) enough = Math.max(enough, alone.bytes);
  const race: Decision<unknown, unknown, unknown> = decision(model, history, {
    isFull: () => race.bytes > 2 * enough,
  });
  expect(decide(race).type).toBe("illegal");
  const starved: Decision<unknown, unknown, unknown> = decision(model, history, {
    isFull: () => starved.bytes > 2 ** 14,
  });
  expect(decide(starved)).toEqual({ type: "full" });
});

test("a linear path is tried first, and a search where it does not apply", () => {
  const unique = generateHistory({ seed: 3, operations: 100, clients: 5, values: "unique", cas: 0 });
  const path = decision(casRegister(), unique);
  expect(decide(path).type).toBe("ok");
  expect(path.started).toEqual(["unique-writes"]);
  const few = generateHistory({ seed: 3, operations: 100, clients: 5, values: 2 });
  const search = decision(casRegister(), few);
  expect(decide(search).type).toBe("ok");
  expect(search.started.slice(0, 2)).toEqual(["unique-writes", "depth-first"]);
  expect(search.engine?.name).not.toBe("unique-writes");
});
