import { expect, test } from "vitest";
import { checkOperations } from "../check.js";
import { Random } from "../generator.js";
import type { Model } from "../model.js";
import { etcdKey } from "../models/etcd-key.js";
import { Differential, Truth } from "../testing/differential.js";
import { type EtcdKeyOperation, etcdKeyHistory, withAnotherField } from "../testing/etcd-key-histories.js";
import { verifyWitness } from "../witness.js";

const model = etcdKey();
const anyModel = model as unknown as Model<unknown, unknown, unknown>;

function smallHistory(random: Random): EtcdKeyOperation[] {
  return etcdKeyHistory(random, {
    operations: 2 + random.below(6),
    clients: 1 + random.below(5),
    crashRate: random.pick([0, 0, 0.2, 0.5]),
    forget: random.pick([0, 0, 0.2, 0.5]),
    transactions: random.below(2) === 0,
    deletes: random.below(2) === 0,
    grain: random.pick([1, 5, 20]),
  });
}

function compared(histories: readonly EtcdKeyOperation[][]): Differential {
  const differential = new Differential();
  for (const history of histories) {
    const truth = new Truth(anyModel, history);
    if (truth.legal) differential.legal++;
    else differential.illegal++;
    for (const engine of ["chain", "frontier", "depth-first"] as const)
      differential.compare(anyModel, truth, engine);
  }
  console.log(`${histories.length} histories, decided by ${JSON.stringify([...differential.decided])}`);
  return differential;
}

test("agrees with every order tried, on small histories of an etcd key, legal and with one field changed", () => {
  const random = new Random(11);
  const histories = Array.from({ length: 1200 }, () => smallHistory(random));
  const simulated = compared(histories);
  expect(simulated.wrong.slice(0, 3)).toEqual([]);
  expect(simulated.illegal).toBe(0);
  expect(simulated.decided.get("chain")).toBeGreaterThan(500);
  const broken = compared(
    histories.flatMap((history) => {
      const changed = withAnotherField(random, history);
      return changed === undefined ? [] : [changed];
    }),
  );
  expect(broken.wrong.slice(0, 3)).toEqual([]);
  expect(broken.illegal).toBeGreaterThan(500);
  expect(broken.decided.get("chain")).toBeGreaterThan(500);
});

test("agrees with the frontier on longer histories of an etcd key", () => {
  const random = new Random(12);
  const decided = { ok: 0, illegal: 0, unknown: 0 };
  for (let i = 0; i < 300; i++) {
    const whole = etcdKeyHistory(random, {
      operations: 40,
      clients: 4,
      crashRate: random.pick([0, 0, 0.05]),
      forget: random.pick([0, 0, 0.02]),
      transactions: random.below(2) === 0,
      deletes: random.below(2) === 0,
      grain: random.pick([1, 5]),
    });
    const history = i % 3 === 0 ? whole : (withAnotherField(random, whole) ?? whole);
    const found = checkOperations(model, history, { engine: "chain", verifyWitness: true }).partitions[0];
    const other = checkOperations(model, history, { engine: "frontier" }).partitions[0];
    decided[found?.verdict ?? "ok"]++;
    if (found === undefined || found.verdict === "unknown") continue;
    const failure = found.verdict === "illegal" ? found.failedAt : undefined;
    expect({
      verdict: found.verdict,
      failure,
      order:
        found.verdict === "ok" || verifyWitness(model, history, found.partialOrder, { partial: true }).valid,
    }).toEqual({
      verdict: other?.verdict,
      failure: other?.verdict === "illegal" ? other.failedAt : undefined,
      order: true,
    });
  }
  console.log(decided);
  expect(decided.ok).toBeGreaterThan(80);
  expect(decided.illegal).toBeGreaterThan(80);
});

test("does not decide where no answer names a version, and says so", () => {
  const put = { process: 0, input: { f: "put", value: "a" }, output: {}, call: 0, return: 1 } as const;
  const get = { process: 0, input: { f: "get" }, output: { value: "a" }, call: 2, return: 3 } as const;
  const [partition] = checkOperations(model, [put, get], { engine: "chain" }).partitions;
  expect(partition).toMatchObject({
    verdict: "unknown",
    ranOut: "engine",
    reason: "no answer names a version",
  });
  expect(checkOperations(model, [put, get]).verdict).toBe("ok");
});

function put(revision: number, call: number, end: number): EtcdKeyOperation {
  const input = { f: "put", value: `v${revision}` } as const;
  return { process: call, input, output: { revision }, call, return: end };
}

function get(revision: number, call: number, end: number): EtcdKeyOperation {
  const output = { value: `v${revision}`, modRevision: revision };
  return { process: call, input: { f: "get" }, output, call, return: end };
}

function lost(value: string, call: number): EtcdKeyOperation {
  return { process: call, input: { f: "put", value }, call };
}

test("names the read whose revision had been overtaken when it was called, though operations crashed before", () => {
  const history = [
    lost("lost", 0),
    put(4, 10, 15),
    get(4, 20, 25),
    put(7, 30, 35),
    get(4, 40, 45),
    get(7, 50, 55),
  ];
  const [partition] = checkOperations(model, history).partitions;
  expect(partition).toMatchObject({
    verdict: "illegal",
    engine: "chain",
    failedAt: 4,
    partialOrder: [1, 2, 3],
  });
});

test("does not hold an update to a version before it has returned, if nobody saw it", () => {
  // Revision 6 was made after 7 had been acknowledged; until that answer came, it might never have happened.
  const history = [put(7, 0, 40), put(6, 50, 100), get(7, 60, 70), get(7, 110, 120)];
  const [partition] = checkOperations(model, history).partitions;
  expect(partition).toMatchObject({ verdict: "illegal", engine: "chain", failedAt: 1, partialOrder: [0, 2] });
});

test("does not take a crashed update for one that had been overtaken before it was called", () => {
  const history = [get(5, 0, 100), put(7, 1, 40), lost("v5", 50)];
  expect(checkOperations(model, history, { engine: "chain" }).verdict).toBe("unknown");
  expect(checkOperations(model, history).partitions[0]).toMatchObject({ verdict: "illegal", failedAt: 0 });
  const inTime = [get(5, 0, 100), put(7, 1, 40), lost("v5", 30)];
  const [partition] = checkOperations(model, inTime, { engine: "chain" }).partitions;
  expect(partition).toMatchObject({ verdict: "ok", witness: [2, 0, 1] });
});

test("does not take an open update for the one that was seen, if a crashed one may have been", () => {
  const history = [lost("v5", 0), get(5, 10, 20), put(5, 25, 100), get(5, 40, 50)];
  expect(checkOperations(model, history, { engine: "chain" }).verdict).toBe("unknown");
  expect(checkOperations(model, history).partitions[0]).toMatchObject({ verdict: "illegal", failedAt: 2 });
});
