import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { NodeName, NodeView } from "./hosts.js";
import { Random } from "./random.js";
import { FakeHosts } from "./testing/fake-hosts.js";
import { VirtualClock } from "./testing/virtual-clock.js";
import { majoritySize, minoritySize, resolveTarget, type Resolution, type Target } from "./targets.js";

/** Hosts whose nodes say what they are told to, from a given time on. */
class Saying extends FakeHosts {
  readonly #clock: VirtualClock;
  readonly #script: readonly { fromMs: number; views: Record<NodeName, NodeView> }[];

  constructor(clock: VirtualClock, script: readonly { fromMs: number; views: Record<NodeName, NodeView> }[]) {
    super({ clock });
    this.#clock = clock;
    this.#script = script;
  }

  override async view(): Promise<ReadonlyMap<NodeName, NodeView>> {
    const now = this.#script.findLast((step) => step.fromMs <= this.#clock.nowMs());
    if (now === undefined) throw new Error("nobody answers");
    return new Map(Object.entries(now.views));
  }
}

async function resolve(
  target: Target,
  make: (clock: VirtualClock) => FakeHosts,
  { seed = 1, forMs = 1_000 } = {},
): Promise<Resolution & { tookMs: number }> {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const context = { hosts: make(clock), clock, random: new Random(seed), signal, forMs };
  const resolution = await clock.run(resolveTarget(target, context));
  return { ...resolution, tookMs: clock.nowMs() };
}

const leader = (term: number): NodeView => ({ role: "leader", term, commitIndex: null });
const follower = (term: number): NodeView => ({ role: "follower", term, commitIndex: null });
const silent: NodeView = { role: "unknown", term: null, commitIndex: null };

test("of two leaders the one with the highest term counts: an isolated one goes on claiming", async () => {
  const views = { n1: leader(3), n2: follower(4), n3: leader(4), n4: follower(4), n5: silent };
  const found = await resolve("leader", (clock) => new Saying(clock, [{ fromMs: 0, views }]));
  expect(found.nodes).toEqual(["n3"]);
});

test("a leader is waited for, and one of an older term is none", async () => {
  const stale = { n1: leader(3), n2: { role: "candidate", term: 4, commitIndex: 7 }, n3: silent } as const;
  const fresh = { n1: leader(3), n2: leader(4), n3: silent };
  const script = [
    { fromMs: 0, views: stale },
    { fromMs: 1_200, views: fresh },
  ];
  const found = await resolve("leader", (clock) => new Saying(clock, script));
  expect(found.nodes).toEqual(["n2"]);
  expect(found.tookMs).toBeGreaterThanOrEqual(1_200);
  expect(found).toMatchObject({ waitedMs: found.tookMs });
});

test("who is seen at the first look was not waited for", async () => {
  const found = await resolve("leader", (clock) => new FakeHosts({ clock, latencyMs: 40 }));
  expect(found).toMatchObject({ nodes: ["n1"], waitedMs: 0 });
});

test.each([
  { forMs: 1_000, waitMs: 3_000 },
  { forMs: 7_000, waitMs: 7_000 },
  { forMs: 60_000, waitMs: 10_000 },
])(
  "no leader within the bound is a reason to skip: a fault of $forMs ms waits $waitMs ms",
  async ({ forMs, waitMs }) => {
    const views = { n1: follower(1) };
    const found = await resolve("leader", (clock) => new Saying(clock, [{ fromMs: 0, views }]), { forMs });
    const reason = `no leader of the highest term was seen after ${waitMs} ms of waiting`;
    expect(found).toMatchObject({ nodes: null, reason });
    expect(found.tookMs).toBeGreaterThanOrEqual(waitMs);
    expect(found.tookMs).toBeLessThan(waitMs + 500);
  },
);

test("two leaders of one term are named, not chosen from", async () => {
  const views = { n1: leader(2), n2: leader(2) };
  const found = await resolve("leader", (clock) => new Saying(clock, [{ fromMs: 0, views }]));
  expect(found).toMatchObject({
    nodes: null,
    reason: "n1 and n2 both claim to lead term 2 after 3000 ms of waiting",
  });
});

test("a cluster that does not answer is no reason to skip what needs no answer", async () => {
  const found = await resolve("all", (clock) => new Saying(clock, []));
  expect(found.nodes).toHaveLength(5);
  const unanswered = await resolve("leader", (clock) => new Saying(clock, []));
  expect(unanswered).toMatchObject({ nodes: null, reason: expect.stringContaining("nobody answers") });
});

test("a node that the cluster does not have is named at once", async () => {
  const found = await resolve(["n1", "n7"], (clock) => new FakeHosts({ clock }));
  expect(found).toMatchObject({ nodes: null, reason: "the cluster has no n7" });
  expect(found.tookMs).toBeLessThan(100);
});

test("sizes: a minority is never a quorum, a majority is the smallest one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), (nodes) => {
      expect(minoritySize(nodes) * 2).toBeLessThan(nodes);
      expect((minoritySize(nodes) + 1) * 2).toBeGreaterThanOrEqual(nodes);
      expect(majoritySize(nodes) * 2).toBeGreaterThan(nodes);
      expect((majoritySize(nodes) - 1) * 2).toBeLessThanOrEqual(nodes);
    }),
  );
});

test("random targets come from the seed and have their size", async () => {
  const sizes = { one: 1, minority: 2, majority: 3, all: 5, follower: 1 };
  for (const [target, size] of Object.entries(sizes)) {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const [first, again] = [
        await resolve(target, (clock) => new FakeHosts({ clock }), { seed }),
        await resolve(target, (clock) => new FakeHosts({ clock }), { seed }),
      ];
      expect(first.nodes).toEqual(again.nodes);
      expect(new Set(first.nodes).size).toBe(size);
      for (const node of first.nodes ?? []) seen.add(node);
    }
    // n1 leads in the fake cluster.
    expect(seen.size).toBe(target === "follower" ? 4 : 5);
  }
});
