import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import { only, sent, Solo } from "./testing/solo.js";
import { seededRandom } from "./testing/prng.js";
import { TICK_MS, World, WORLD_CONFIG } from "./testing/world.js";

const LEASE = { electionTimeoutMs: WORLD_CONFIG.electionTicks * TICK_MS, clockUncertainty: 0.2 };
/** 50 ms, less 20 %. */
const DURATION_MS = 40;

/** Leads term 1 of three members, its no-op committed at instant 0; answers to rounds are the test's. */
function leader(): Solo {
  const solo = new Solo({ lease: LEASE });
  solo.nowMs = 0;
  solo.elect();
  solo.sync();
  solo.receive(2, 1, { type: "append-accepted", matchIndex: 1 });
  return solo;
}
const roundOf = (solo: Solo): number => {
  const [heartbeat] = sent(solo.tick()).flatMap((one) => (one.type === "heartbeat" ? [one] : []));
  return heartbeat?.round ?? 0;
};
const answer = (solo: Solo, round: number, from = 2) => {
  return solo.receive(from, 1, { type: "heartbeat-response", round });
};
let reads = 0;
const isServedAtOnce = (solo: Solo) => {
  reads += 1;
  return only(solo.step({ type: "read", id: reads }), "read-ready").length === 1;
};

test("a lease starts when the round left that a quorum answered, and ends before any of them may vote", () => {
  const solo = leader();
  solo.nowMs = 100;
  const round = roundOf(solo);
  solo.nowMs = 110;
  expect(isServedAtOnce(solo)).toBe(false);
  answer(solo, round);
  expect(isServedAtOnce(solo)).toBe(true);
  solo.nowMs = 100 + DURATION_MS - 0.1;
  expect(isServedAtOnce(solo)).toBe(true);
  solo.nowMs = 100 + DURATION_MS;
  expect(isServedAtOnce(solo)).toBe(false);
});

test("answers to earlier rounds, and those of others than voters, start no lease", () => {
  const solo = leader();
  const first = roundOf(solo);
  solo.nowMs = 100;
  const second = roundOf(solo);
  expect(second).toBeGreaterThan(first);
  answer(solo, first);
  answer(solo, second, 9);
  expect(isServedAtOnce(solo)).toBe(false);
  answer(solo, second);
  expect(isServedAtOnce(solo)).toBe(true);
});

test("a new leader's lease waits for an entry of its own term", () => {
  const solo = new Solo({ lease: LEASE });
  solo.elect();
  answer(solo, roundOf(solo));
  expect(isServedAtOnce(solo)).toBe(false);
  solo.sync();
  expect(only(solo.receive(2, 1, { type: "append-accepted", matchIndex: 1 }), "read-ready")).toHaveLength(1);
});

test("a change of members ends the lease; a round of after it brings it back", () => {
  const solo = leader();
  const before = roundOf(solo);
  answer(solo, before);
  expect(isServedAtOnce(solo)).toBe(true);
  const late = roundOf(solo);
  const change = { type: "add-learner", member: 4, promote: false } as const;
  solo.step({ type: "change", id: 1, changes: [change], data: new Uint8Array(0) });
  answer(solo, late);
  expect(isServedAtOnce(solo)).toBe(false);
  answer(solo, roundOf(solo));
  expect(isServedAtOnce(solo)).toBe(true);
});

test("who told another to campaign has no lease for the rest of its term", () => {
  const solo = leader();
  answer(solo, roundOf(solo));
  const asked = sent(solo.step({ type: "transfer", to: 2 }));
  expect(asked).toMatchObject([{ type: "timeout-now", to: 2 }]);
  expect(isServedAtOnce(solo)).toBe(false);
  for (let tick = 0; tick < WORLD_CONFIG.electionTicks; tick++) answer(solo, roundOf(solo));
  expect(solo.core.status()).toMatchObject({ role: "leader", transferee: null });
  expect(isServedAtOnce(solo)).toBe(false);
});

test("without the setting there is no lease, and no promise", () => {
  const solo = new Solo({ initial: configurationOf([1, 2, 3]) });
  solo.elect();
  solo.sync();
  solo.receive(2, 1, { type: "append-accepted", matchIndex: 1 });
  answer(solo, roundOf(solo));
  expect(isServedAtOnce(solo)).toBe(false);
});

const asksForVote = { type: "vote-request", pre: false, transfer: false, lastIndex: 9, lastTerm: 9 } as const;

test("whoever heard a leader votes for nobody, in whatever term, until its time is over, however many ticks come in it", () => {
  const solo = new Solo({ lease: LEASE });
  solo.nowMs = 100;
  solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 1 });
  solo.sync();
  // It learns of a later term, and so believes in no leader any more.
  solo.receive(3, 5, { type: "vote-response", pre: false, granted: false });
  solo.sync();
  expect(solo.core.status()).toMatchObject({ term: 5, leader: null });
  solo.nowMs = 100 + LEASE.electionTimeoutMs - 0.1;
  expect(solo.tick(3 * WORLD_CONFIG.electionTicks)).toEqual([]);
  expect(solo.receive(3, 5, asksForVote)).toEqual([]);
  expect(solo.step({ type: "campaign" })).toEqual([]);
  solo.nowMs = 100 + LEASE.electionTimeoutMs;
  solo.receive(3, 5, asksForVote);
  expect(sent(solo.sync())).toMatchObject([{ type: "vote-response", granted: true }]);
});

test("a member that restarts may have promised: it holds back its vote at first; a new one does not", () => {
  const restarted = new Solo({ lease: LEASE }, { hardState: { term: 4, vote: null }, entries: [] });
  restarted.nowMs = 1000;
  expect(restarted.receive(3, 5, asksForVote)).toEqual([]);
  restarted.nowMs = 1000 + LEASE.electionTimeoutMs - 0.1;
  expect(restarted.receive(3, 5, asksForVote)).toEqual([]);
  const transfer = { ...asksForVote, transfer: true };
  restarted.receive(3, 5, transfer);
  expect(sent(restarted.sync())).toMatchObject([{ type: "vote-response", granted: true }]);
  const fresh = new Solo({ lease: LEASE });
  fresh.receive(3, 5, asksForVote);
  expect(sent(fresh.sync())).toMatchObject([{ type: "vote-response", granted: true }]);
});

/**
 * Time as it passes: who is due ticks, messages take no time or are lost, and every leader is read from all the time.
 * Meanwhile leaders are cut off, hand over, change members, and others restart and call elections. The oracle
 * judges each read by what was committed before it.
 */
function live(seed: number): World {
  const random = seededRandom(seed);
  const world = new World(3 + random.below(2), seed, { lease: LEASE }, new Map(), 5);
  for (let turn = 0; turn < 25; turn++) {
    const leaders = world.leaders().map(({ id }) => id);
    const any = world.ids[random.below(world.ids.length)] ?? 1;
    const dice = random.below(18);
    if (dice < 3) world.partition(leaders.slice(0, 1));
    else if (dice < 7) world.heal();
    else if (dice === 7) for (const id of leaders) world.transfer(id, any);
    else if (dice === 8) for (const id of leaders) world.change(id, [{ type: "add-voter", member: any }]);
    else if (dice === 9) for (const id of leaders) world.change(id, [{ type: "remove", member: any }]);
    else if (dice === 10) world.campaign(any);
    else if (dice < 14) {
      // One member does not hear the leader, and calls an election as soon as another would answer it.
      for (const id of leaders) {
        world.cut(id, any);
        world.cut(any, id);
      }
    } else if (!leaders.includes(any)) {
      world.crash(any, 9);
      world.restart(any);
    }
    const ticks = random.below(40);
    for (let tick = 0; tick < ticks; tick++) {
      const late = random.below(20) === 0 ? any : world.nextToTick;
      if (late !== undefined) world.tick(late);
      for (let step = 0; step < 200 && busy(world); step++) {
        for (const id of world.ids) world.sync(id);
        if (random.below(30) === 0) world.lose(0);
        else world.deliver(0);
      }
      const newest = world.leaders().toSorted((a, b) => b.status.term - a.status.term)[0];
      if (newest !== undefined && random.below(4) === 0) world.propose(newest.id);
      for (const { id } of world.leaders()) world.read(id);
    }
  }
  return world;
}
const busy = (world: World) => {
  return world.network.length > 0 || world.ids.some((id) => world.node(id).writes.length > 0);
};

test("no lease outlives its leader, whatever the clocks do within their uncertainty", () => {
  let leaseReads = 0;
  let elections = 0;
  for (let seed = 1; seed <= WORLDS; seed++) {
    const world = live(seed);
    leaseReads += world.counts.leaseReads;
    elections += world.oracle.counts.elections;
  }
  if (process.env["RAFT_TEST_COUNTS"] !== undefined) console.log({ leaseReads, elections });
  expect(leaseReads).toBeGreaterThan(100 * WORLDS);
  expect(elections).toBeGreaterThan(2 * WORLDS);
});

const WORLDS = Number(process.env["RAFT_TEST_WORLDS"] ?? 30);
