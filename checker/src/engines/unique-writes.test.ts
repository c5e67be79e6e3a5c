import { expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { Task } from "../engine.js";
import { breakOneAnswer, type CasRegisterOperation, generateHistory, Random } from "../generator.js";
import { casRegister, type CasRegisterInput, type CasRegisterOutput } from "../models/cas-register.js";
import type { PartitionResult } from "../result.js";
import { isLinearizable } from "../testing/oracle.js";
import { verifyWitness } from "../witness.js";
import { UniqueWritesEngine } from "./unique-writes.js";

const model = casRegister();

/** Intervals and answers drawn blindly on a clock of few ticks; what is written is new, mostly, or never asked for. */
function drawnHistory(random: Random): CasRegisterOperation[] {
  const ticks = 4 + random.below(14);
  const cas = random.pick([0, 0, 0.3, 0.5]);
  const size = 2 + random.below(6);
  return Array.from({ length: size }, (_, process): CasRegisterOperation => {
    const call = random.below(ticks);
    const input = drawnInput(random, process + 1, size, cas);
    if (random.below(5) === 0) return { process, input, call };
    const output: CasRegisterOutput =
      input.f === "read"
        ? { value: drawnValue(random, size) }
        : input.f === "write"
          ? {}
          : { succeeded: random.below(2) === 0 };
    return { process, input, output, call, return: call + random.below(ticks - call + 1) };
  });
}

function drawnInput(random: Random, fresh: number, size: number, cas: number): CasRegisterInput {
  if (random.fraction() < cas) return { f: "cas", from: drawnValue(random, size) ?? 1, to: fresh };
  if (random.below(2) === 0) return { f: "read" };
  const again = random.below(15) === 0 ? drawnValue(random, size) : null;
  return { f: "write", value: again ?? (random.below(6) === 0 ? "never read" : fresh) };
}

function drawnValue(random: Random, size: number): number | null {
  return random.below(6) === 0 ? null : 1 + random.below(size);
}

function simulatedHistory(random: Random): CasRegisterOperation[] {
  return generateHistory({
    seed: random.below(2 ** 31),
    operations: 2 + random.below(8),
    clients: 1 + random.below(5),
    values: "unique",
    crashRate: random.pick([0, 0.2, 0.4]),
    reads: random.pick([0.3, 0.5]),
    cas: random.pick([0, 0.2, 0.4]),
    grainUs: random.pick([1, 500, 2000]),
  });
}

class Tally {
  decided = 0;
  illegal = 0;
  undecided = 0;
  readonly wrong: string[] = [];

  compare(history: readonly CasRegisterOperation[]): void {
    const { verdict, partitions } = checkOperations(model, history, { engine: "unique-writes" });
    const partition = partitions[0];
    if (partition?.verdict === "unknown") {
      this.undecided++;
      if (partition.ranOut !== "engine") this.wrong.push(`${partition.reason}: ${JSON.stringify(history)}`);
      return;
    }
    this.decided++;
    const legal = isLinearizable(model, history);
    if (!legal) this.illegal++;
    const isSound = partition === undefined || evidenceHolds(history, partition);
    if (verdict === (legal ? "ok" : "illegal") && isSound && agrees(history, partition)) return;
    this.wrong.push(`said ${verdict}, evidence ${isSound}: ${JSON.stringify(history)}`);
  }
}

function agrees(history: readonly CasRegisterOperation[], found: PartitionResult | undefined): boolean {
  const other = checkOperations(model, history, { engine: "frontier" }).partitions[0];
  if (found?.verdict !== "illegal") return other?.verdict === found?.verdict;
  return other?.verdict === "illegal" && other.failedAt === found.failedAt;
}

function evidenceHolds(history: readonly CasRegisterOperation[], partition: PartitionResult): boolean {
  if (partition.verdict === "unknown") return false;
  if (partition.verdict === "ok") return verifyWitness(model, history, partition.witness).valid;
  const { partialOrder, failedAt } = partition;
  const end = history[failedAt]?.return ?? Number.NaN;
  return (
    verifyWitness(model, history, partialOrder, { partial: true }).valid &&
    !partialOrder.includes(failedAt) &&
    history.every((op, i) => op.return === undefined || op.return >= end || partialOrder.includes(i))
  );
}

test("agrees with every order tried and with the frontier, on 20,000 small histories", () => {
  const random = new Random(7);
  const drawn = new Tally();
  const simulated = new Tally();
  const broken = new Tally();
  for (let i = 0; i < 10_000; i++) {
    drawn.compare(drawnHistory(random));
    const history = simulatedHistory(random);
    if (i % 2 === 0) simulated.compare(history);
    else broken.compare(breakOneAnswer(history, random.below(2 ** 31)) ?? drawnHistory(random));
  }
  const tell = (t: Tally): string => `${t.decided} decided, ${t.illegal} of them illegal, ${t.undecided} not`;
  console.log(`drawn: ${tell(drawn)}; simulated: ${tell(simulated)}; broken: ${tell(broken)}`);
  expect([...drawn.wrong, ...simulated.wrong, ...broken.wrong].slice(0, 5)).toEqual([]);
  expect(simulated.illegal).toBe(0);
  expect(drawn.decided + simulated.decided + broken.decided).toBeGreaterThan(16_000);
  expect(drawn.illegal + broken.illegal).toBeGreaterThan(5000);
});

/** Of the orders that lead to the states possible before a violation, those that are not legal. */
function illegalOrders(history: readonly CasRegisterOperation[]): (readonly number[])[] {
  const engine = new UniqueWritesEngine(new Task(model, history), { isFull: () => false });
  const steps = engine.run();
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  if (step.value.type !== "illegal") return [];
  return step.value.orders.filter((order) => !verifyWitness(model, history, order, { partial: true }).valid);
}

test("agrees with the frontier on larger histories, legal and broken", () => {
  const random = new Random(8);
  let decided = 0;
  for (let i = 0; i < 200; i++) {
    const whole = generateHistory({
      seed: i,
      operations: 300,
      clients: 5,
      values: "unique",
      crashRate: random.pick([0, 0.02]),
      reads: 0.5,
      cas: random.pick([0, 0.1]),
      grainUs: random.pick([1, 1000]),
    });
    const history = i % 2 === 0 ? whole : (breakOneAnswer(whole, i) ?? whole);
    const found = checkOperations(model, history, { engine: "unique-writes" }).partitions[0];
    if (found?.verdict === "unknown") continue;
    decided++;
    expect(found === undefined || evidenceHolds(history, found)).toBe(true);
    expect(agrees(history, found)).toBe(true);
    expect(illegalOrders(history)).toEqual([]);
  }
  expect(decided).toBeGreaterThan(100);
});

test.each([
  ["before", [1, 2, 0]],
  ["after", [0, 1, 2]],
  ["between", [1, 0, 2]],
])(
  "does not decide where a value that was written twice is read; the read stands %s the writes",
  (_, places) => {
    const write = (process: number, call: number): CasRegisterOperation => ({
      process,
      input: { f: "write", value: 1 },
      output: {},
      call,
      return: call + 1,
    });
    const read: CasRegisterOperation = {
      process: 2,
      input: { f: "read" },
      output: { value: 1 },
      call: 6,
      return: 7,
    };
    const history = [write(0, 0), write(1, 4), read];
    const shuffled = places.map((place) => history[place] as CasRegisterOperation);
    const [partition] = checkOperations(model, shuffled, { engine: "unique-writes" }).partitions;
    const reason = "a value that was observed, 1, may have come about in two ways";
    expect(partition).toMatchObject({ verdict: "unknown", ranOut: "engine", reason });
  },
);
