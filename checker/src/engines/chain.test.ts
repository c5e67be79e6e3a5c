import { expect, test } from "vitest";
import { Random } from "../generator.js";
import type { Model } from "../model.js";
import { etcdKey } from "../models/etcd-key.js";
import { Differential, Truth } from "../testing/differential.js";
import { type EtcdKeyOperation, etcdKeyHistory, withAnotherField } from "../testing/etcd-key-histories.js";

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

test("the chain and the searches agree with every order tried, on small histories of an etcd key", () => {
  const random = new Random(11);
  const simulated = new Differential();
  const broken = new Differential();
  let breakable = 0;
  for (let i = 0; i < 2000; i++) {
    const history = smallHistory(random);
    const truth = new Truth(anyModel, history);
    expect(truth.legal).toBe(true);
    for (const engine of ["chain", "frontier", "depth-first", "auto"] as const)
      simulated.compare(anyModel, truth, engine);
    const changed = withAnotherField(random, history);
    if (changed === undefined) continue;
    breakable++;
    const truthOfChanged = new Truth(anyModel, changed);
    if (truthOfChanged.legal) broken.legal++;
    else broken.illegal++;
    for (const engine of ["chain", "frontier", "depth-first", "auto"] as const)
      broken.compare(anyModel, truthOfChanged, engine);
  }
  console.log(
    `simulated: ${JSON.stringify([...simulated.decided])}; ` +
      `broken: ${broken.illegal} of ${breakable} illegal, ${JSON.stringify([...broken.decided])}`,
  );
  expect([...simulated.wrong, ...broken.wrong].slice(0, 3)).toEqual([]);
  expect(broken.illegal).toBeGreaterThan(500);
});
