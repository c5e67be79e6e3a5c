import { expect, test } from "vitest";
import { checkOperations } from "./check.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory, Random } from "./generator.js";
import { casRegister, type CasRegisterInput, type CasRegisterOutput } from "./models/cas-register.js";
import type { Model } from "./model.js";
import type { PartitionResult } from "./result.js";
import { isLinearizable } from "./testing/oracle.js";
import { verifyWitness } from "./witness.js";

const model = casRegister();
/** The same register without any of the hints that make a check faster. */
const plain: Model<string | number | null, CasRegisterInput, CasRegisterOutput> = {
  name: "plain",
  init: () => model.init(),
  step: (state, input, output) => model.step(state, input, output),
  stateKey: (state) => model.stateKey(state),
  describeOperation: (input, output) => model.describeOperation(input, output),
  describeState: (state) => model.describeState(state),
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

/**
 * A few updates that never returned, then one operation after the other with true answers: what was read can be
 * explained by this crashed operation or by that, and maybe only one explanation leaves what is needed later.
 */
function explainedHistory(random: Random): CasRegisterOperation[] {
  const history: CasRegisterOperation[] = [];
  let value: string | number | null = random.below(3);
  let time = 2;
  const answer = (input: CasRegisterInput, output: CasRegisterOutput): void => {
    history.push({ process: history.length, input, output, call: time, return: time + 1 });
    time += 2;
  };
  answer({ f: "write", value }, {});
  const crashed = Array.from({ length: 2 + random.below(3) }, () => randomUpdate(random, 3));
  for (const input of crashed) history.push({ process: history.length, input, call: 1 });
  for (let left = 3 + random.below(2); left > 0; left--) {
    const chosen: CasRegisterInput | undefined = random.below(3) > 0 ? random.pick(crashed) : undefined;
    if (chosen !== undefined && crashed.length > 1) {
      crashed.splice(crashed.indexOf(chosen), 1);
      if (chosen.f === "write") value = chosen.value;
      if (chosen.f === "cas" && chosen.from === value) value = chosen.to;
    } else if (random.below(2) === 0) {
      value = random.below(3);
      answer({ f: "write", value }, {});
    }
    answer({ f: "read" }, { value });
  }
  return history;
}

function randomUpdate(random: Random, values: number): CasRegisterInput {
  if (random.below(2) === 0) return { f: "write", value: random.below(values) };
  return { f: "cas", from: random.below(values), to: random.below(values) };
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

interface Tally {
  legal: number;
  illegal: number;
  /** Where the checker and the definition disagree, or the evidence does not hold. */
  readonly wrong: string[];
}

function compare(history: readonly CasRegisterOperation[], tally: Tally): void {
  const legal = isLinearizable(history);
  tally[legal ? "legal" : "illegal"]++;
  for (const checked of [model, plain]) {
    const { verdict, partitions } = checkOperations(checked, history);
    const sound = partitions.every((partition) => evidenceHolds(history, partition));
    if (verdict === (legal ? "ok" : "illegal") && sound) continue;
    tally.wrong.push(`${checked.name} said ${verdict}, evidence ${sound}: ${JSON.stringify(history)}`);
  }
}

function evidenceHolds(history: readonly CasRegisterOperation[], partition: PartitionResult): boolean {
  if (partition.verdict === "unknown") return false;
  if (partition.verdict === "ok") return verifyWitness(model, history, partition.witness).valid;
  const { partialOrder, failedAt } = partition;
  const end = history[failedAt]?.return ?? Number.NaN;
  return (
    verifyWitness(model, history, partialOrder, { partial: true }).valid &&
    !partialOrder.includes(failedAt) &&
    !isLinearizable(upTo(history, end, (returned) => returned <= end)) &&
    isLinearizable(upTo(history, end, (returned) => returned < end))
  );
}

/** What had been called at a time, and which returns had happened. Answers still to come are known. */
function upTo(
  history: readonly CasRegisterOperation[],
  time: number,
  happened: (returned: number) => boolean,
): CasRegisterOperation[] {
  return history
    .filter(({ call }) => call <= time)
    .map(({ process, input, output, call, return: returned }) =>
      returned !== undefined && happened(returned)
        ? { process, input, output, call, return: returned }
        : { process, input, output, call },
    );
}

test("agrees with every order tried, on 20,000 small histories", () => {
  const random = new Random(1);
  const wrong: string[] = [];
  const drawn: Tally = { legal: 0, illegal: 0, wrong };
  const simulated: Tally = { legal: 0, illegal: 0, wrong };
  const broken: Tally = { legal: 0, illegal: 0, wrong };
  for (let i = 0; i < 5000; i++) {
    compare(randomHistory(random), drawn);
    const history = i % 2 === 0 ? simulatedHistory(random) : explainedHistory(random);
    compare(history, simulated);
    for (const whole of [history, simulatedHistory(random)]) {
      compare(breakOneAnswer(whole, random.below(2 ** 31)) ?? randomHistory(random), broken);
    }
  }
  const count = ({ legal, illegal }: Tally): string => `${legal} legal, ${illegal} illegal`;
  console.log(`drawn: ${count(drawn)}; simulated: ${count(simulated)}; broken: ${count(broken)}`);
  expect(wrong).toEqual([]);
  expect(simulated.illegal).toBe(0);
  expect(drawn.legal + drawn.illegal + simulated.legal + broken.legal + broken.illegal).toBe(20_000);
  expect(drawn.illegal + broken.illegal).toBeGreaterThan(20_000 / 3);
});
