import { expect, test } from "vitest";
import { checkOperations } from "./check.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory, Random } from "./generator.js";
import { casRegister, type CasRegisterInput, type CasRegisterOutput } from "./models/cas-register.js";
import type { Model } from "./model.js";
import { isLinearizable } from "./testing/oracle.js";
import { verifyWitness } from "./witness.js";

const model = casRegister();
/** The same register without any of the hints that make a check faster. */
const { init, step, stateKey, describeOperation, describeState } = model;
const plain: Model<string | number | null, CasRegisterInput, CasRegisterOutput> = {
  ...{ name: "plain", init, step, stateKey, describeOperation, describeState },
};

/** Intervals and answers drawn blindly on a clock of few ticks: many ties, many contradictions. */
function randomHistory(random: Random): CasRegisterOperation[] {
  const history: CasRegisterOperation[] = [];
  const ticks = 4 + random.below(12);
  for (let process = 0; process < 2 + random.below(6); process++) {
    const call = random.below(ticks);
    const input = randomInput(random);
    if (random.below(4) === 0) history.push({ process, input, call });
    else {
      const output = randomOutput(random, input);
      history.push({ process, input, output, call, return: call + random.below(ticks - call + 1) });
    }
  }
  return history;
}

function randomInput(random: Random): CasRegisterInput {
  const values = 1 + random.below(3);
  const kind = random.below(5);
  if (kind < 2) return { f: "read" };
  if (kind === 2) return { f: "write", value: random.below(values) };
  return { f: "cas", from: random.below(values), to: random.below(values) };
}

function randomOutput(random: Random, input: CasRegisterInput): CasRegisterOutput {
  if (input.f === "read") return { value: random.below(5) === 0 ? null : random.below(2) };
  return input.f === "write" ? {} : { succeeded: random.below(2) === 0 };
}

function simulatedHistory(random: Random): CasRegisterOperation[] {
  return generateHistory({
    seed: random.below(2 ** 31),
    operations: 2 + random.below(7),
    clients: 1 + random.below(5),
    values: random.below(4) === 0 ? "unique" : 1 + random.below(3),
    crashRate: random.pick([0, 0.2, 0.5]),
    reads: random.pick([0.2, 0.4, 0.6]),
    grainUs: random.pick([1, 500, 2000]),
  });
}

function compare(history: readonly CasRegisterOperation[]): boolean {
  const legal = isLinearizable(history);
  for (const checked of [model, plain]) {
    const result = checkOperations(checked, history);
    const where = `${checked.name}: ${JSON.stringify(history)}`;
    expect(result.verdict, where).toBe(legal ? "ok" : "illegal");
    const [partition] = result.partitions;
    if (partition?.verdict === "ok") {
      expect(verifyWitness(checked, history, partition.witness), where).toEqual({ valid: true });
    }
    if (partition?.verdict === "illegal") {
      const { partialOrder, failedAt } = partition;
      expect(verifyWitness(checked, history, partialOrder, { partial: true }), where).toEqual({
        valid: true,
      });
      expect(partialOrder, where).not.toContain(failedAt);
    }
  }
  return legal;
}

test("agrees with every order tried, on 20,000 small histories", () => {
  const random = new Random(1);
  const counts = { legal: 0, illegal: 0 };
  const brokenCounts = { legal: 0, illegal: 0 };
  for (let i = 0; i < 5000; i++) {
    counts[compare(randomHistory(random)) ? "legal" : "illegal"]++;
    const simulated = simulatedHistory(random);
    expect(compare(simulated)).toBe(true);
    counts.legal++;
    for (const history of [simulated, simulatedHistory(random)]) {
      const broken = breakOneAnswer(history, random.below(2 ** 31)) ?? randomHistory(random);
      brokenCounts[compare(broken) ? "legal" : "illegal"]++;
    }
  }
  const illegal = counts.illegal + brokenCounts.illegal;
  console.log(`small histories: ${JSON.stringify({ drawn: counts, broken: brokenCounts })}`);
  expect(counts.legal + counts.illegal + brokenCounts.legal + brokenCounts.illegal).toBe(20_000);
  expect(illegal).toBeGreaterThan(20_000 / 3);
});
