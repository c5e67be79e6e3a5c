import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "./testing/prng.js";
import { World } from "./testing/world.js";

/** One thing that a schedule does to the cluster; `run` lets it work, and misbehave, for some steps. */
type Action =
  | { readonly do: "run"; readonly steps: number; readonly lossPercent: number; readonly order: Order }
  | { readonly do: "crash"; readonly member: number; readonly kept: number; readonly torn: number }
  | { readonly do: "restart" | "stick-disk" | "stop-clock" | "isolate-leader"; readonly member: number }
  | { readonly do: "partition"; readonly side: readonly number[] }
  | { readonly do: "cut"; readonly from: number; readonly to: number }
  | { readonly do: "heal" | "revive" };

type Order = "mostly" | "none";

const member = fc.integer({ min: 1, max: 5 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("run"),
      steps: fc.integer({ min: 1, max: 400 }),
      lossPercent: fc.constantFrom(0, 0, 2, 20),
      order: fc.constantFrom<Order>("mostly", "mostly", "none"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("crash"),
      member,
      kept: fc.integer({ min: 0, max: 2 }),
      torn: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("restart", "stick-disk", "stop-clock", "isolate-leader"),
      member,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("partition"), side: fc.subarray([1, 2, 3, 4, 5]) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut"), from: member, to: member }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("heal", "revive") }) },
);

/** Carries out a schedule. All chance comes from the seed, so a failure is repeated by its counterexample. */
class Chaos {
  readonly world: World;
  readonly #random;
  readonly #stuckDisks = new Set<number>();
  readonly #stoppedClocks = new Set<number>();

  constructor(size: number, seed: number) {
    this.world = new World(size, seed);
    this.#random = seededRandom(seed);
  }

  take(action: Action): void {
    const { world } = this;
    const present = (id: number) => ((id - 1) % world.ids.length) + 1;
    switch (action.do) {
      case "run":
        for (let step = 0; step < action.steps; step++) this.#one(action);
        return;
      case "crash":
        return world.crash(present(action.member), action.kept, action.torn);
      case "restart":
        this.#stuckDisks.delete(present(action.member));
        return world.restart(present(action.member));
      case "stick-disk":
        this.#stuckDisks.add(present(action.member));
        return;
      case "stop-clock":
        this.#stoppedClocks.add(present(action.member));
        return;
      case "isolate-leader":
        // Half of them do not notice: only such a leader is still there when the next one commits.
        for (const { id } of world.leaders()) if (action.member > 2) this.#stoppedClocks.add(id);
        return world.partition(world.leaders().map(({ id }) => id));
      case "partition":
        return world.partition(action.side);
      case "cut":
        return world.cut(present(action.from), present(action.to));
      case "heal":
        this.#stuckDisks.clear();
        this.#stoppedClocks.clear();
        return world.heal();
      case "revive":
        for (const id of world.ids) world.restart(id);
        return;
    }
  }

  #one({ lossPercent, order }: Extract<Action, { do: "run" }>): void {
    const { world } = this;
    const id = this.#pick(world.ids);
    const dice = this.#random.below(100);
    if (dice < 14) {
      if (!this.#stoppedClocks.has(id)) world.tick(id);
    } else if (dice < 30) {
      if (!this.#stuckDisks.has(id)) world.sync(id, 1 + this.#random.below(3));
    } else if (dice < 35) world.propose(id, 1 + this.#random.below(3));
    else if (dice < 38) world.read(id);
    else if (world.network.length > 0) {
      const late = order === "none" || this.#random.below(5) === 0;
      const at = late ? this.#random.below(world.network.length) : 0;
      if (this.#random.below(100) < lossPercent) world.lose(at);
      else world.deliver(at, this.#random.below(30) === 0);
    }
  }

  #pick(ids: readonly number[]): number {
    return ids[this.#random.below(ids.length)] ?? 1;
  }
}

/** With everything healed, the cluster must elect, commit and answer; and all members must agree. */
function expectRecovery(world: World): void {
  world.heal();
  for (const id of world.ids) world.restart(id);
  world.run(40);
  expect(world.leaders()).toHaveLength(1);
  expect(world.oracle.openReads).toBe(0);
  const committed = world.oracle.committed.length;
  const ready = world.oracle.counts.readsReady;
  for (const id of world.ids) world.propose(id);
  for (const id of world.ids) world.read(id);
  world.run(3);
  expect(world.oracle.committed.length).toBe(committed + world.ids.length);
  expect(world.oracle.counts.readsReady).toBe(ready + world.ids.length);
  for (const id of world.ids) expect(world.node(id).appliedIndex).toBe(world.oracle.committed.length);
}

test("random schedules of faults break no promise, and the cluster recovers from all of them", () => {
  const total = {
    committed: 0,
    elections: 0,
    replacedEntries: 0,
    readsReady: 0,
    readsRefused: 0,
    proposalsRefused: 0,
  };
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3, 3, 4, 5, 5),
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.array(action, { minLength: 10, maxLength: 60, size: "max" }),
      (size, seed, schedule) => {
        const chaos = new Chaos(size, seed);
        for (const action of schedule) chaos.take(action);
        const { oracle } = chaos.world;
        total.committed += oracle.committed.length;
        for (const [name, count] of Object.entries(oracle.counts))
          total[name as keyof typeof oracle.counts] += count;
        expectRecovery(chaos.world);
      },
    ),
    { numRuns: 500 },
  );
  if (process.env["RAFT_TEST_COUNTS"] !== undefined) console.log(total);
  // A schedule under which nothing happens proves nothing.
  expect(total.committed).toBeGreaterThan(1000);
  for (const count of Object.values(total)) expect(count).toBeGreaterThan(50);
});
