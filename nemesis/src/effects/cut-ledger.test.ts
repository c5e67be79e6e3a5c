import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Cut } from "../hosts.js";
import { FakeHosts, type Interference } from "../testing/fake-hosts.js";
import { VirtualClock } from "../testing/virtual-clock.js";
import { CutLedger, silenceTheSame, total, unite } from "./cut-ledger.js";

const cuts: fc.Arbitrary<Cut> = fc.record({
  peer: fc.constantFrom("n2", "n3"),
  direction: fc.constantFrom("in", "out", "both"),
  traffic: fc.constantFrom("peer", "all"),
});

/** What a set of cuts silences, as plain words. */
function silence(list: readonly Cut[]): string[] {
  const words = list.flatMap(({ peer, direction, traffic }) =>
    (direction === "both" ? ["in", "out"] : [direction]).flatMap((way) =>
      (traffic === "all" ? ["peer", "rest"] : ["peer"]).map((what) => `${peer} ${way} ${what}`),
    ),
  );
  return [...new Set(words)].toSorted();
}

test("united cuts silence the same, with no overlap", () => {
  fc.assert(
    fc.property(fc.array(cuts, { maxLength: 6 }), (list) => {
      const united = unite(list);
      expect(silence(united)).toEqual(silence(list));
      expect(silenceTheSame(list, united.toReversed())).toBe(true);
      const parts = united.flatMap((cut) => silence([cut]));
      expect(new Set(parts).size).toBe(parts.length);
    }),
  );
});

test("after any order of beginnings and ends a node has exactly the cuts of those that are still open", async () => {
  const step = fc.record({
    owner: fc.nat(3),
    cuts: fc.option(fc.array(cuts, { minLength: 1, maxLength: 3 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const clock = new VirtualClock();
      const hosts = new FakeHosts({ clock });
      const ledger = new CutLedger(hosts);
      const open = new Map<number, readonly Cut[]>();
      const work = steps.map(({ owner, cuts: wanted }) => {
        if (wanted === null) {
          open.delete(owner);
          return ledger.remove(owner, "n1");
        }
        open.set(owner, wanted);
        return ledger.add(owner, "n1", wanted);
      });
      await clock.run(Promise.all(work));
      expect(silence(hosts.cluster.node("n1").rules)).toEqual(silence([...open.values()].flat()));
    }),
    { numRuns: 50 },
  );
});

const isolated: readonly Cut[] = ["n2", "n3"].map((peer) => ({ peer, direction: "both", traffic: "all" }));
const others: readonly Cut[] = ["n4", "n5"].map((peer) => ({ peer, direction: "both", traffic: "all" }));

async function second(interfere: () => Interference | undefined, waitMs: number): Promise<number | null> {
  const clock = new VirtualClock();
  let isSecond = false;
  const ignoreSecond = (call: { method: string }): Interference | undefined =>
    isSecond && call.method === "cut" ? interfere() : undefined;
  const hosts = new FakeHosts({ clock, interfere: ignoreSecond });
  const ledger = new CutLedger(hosts);
  await clock.run(ledger.add(0, "n1", isolated));
  await clock.run(clock.sleep(waitMs));
  isSecond = true;
  await clock.run(ledger.add(1, "n1", others));
  let dropped: number | null = null;
  for (let look = 0; look < 10; look++) {
    await clock.run(clock.sleep(200));
    const drops = await clock.run(ledger.dropped(1, "n1"));
    if (drops !== null) dropped = total(drops);
  }
  return dropped;
}

// Also at once, before the first fault's rules had anything to drop.
test.each([0, 2_000])(
  "drops count for a second fault on the node after %i ms of the first",
  async (waitMs) => {
    expect(await second(() => undefined, waitMs)).toBeGreaterThan(0);
  },
);

test.each([0, 2_000])(
  "drops of the first fault's rules never count for a second whose rules did not take, after %i ms",
  async (waitMs) => {
    expect(await second(() => "ignore", waitMs)).toBeNull();
  },
);

test("the end of one of two faults is seen in what the node holds", async () => {
  const clock = new VirtualClock();
  let interference: Interference | undefined;
  const hosts = new FakeHosts({
    clock,
    interfere: (call) => (call.method === "cut" ? interference : undefined),
  });
  const ledger = new CutLedger(hosts);
  await clock.run(ledger.add(0, "n1", isolated));
  await clock.run(ledger.add(1, "n1", others));
  interference = "ignore";
  await clock.run(ledger.remove(1, "n1"));
  const stays = await clock.run(ledger.standing("n1"));
  expect(silenceTheSame(stays.held, stays.wanted)).toBe(false);
  interference = undefined;
  await clock.run(ledger.remove(1, "n1"));
  const gone = await clock.run(ledger.standing("n1"));
  expect(silenceTheSame(gone.held, gone.wanted)).toBe(true);
  expect(silence(gone.held)).toEqual(silence(isolated));
});
