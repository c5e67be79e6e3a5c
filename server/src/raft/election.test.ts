import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import { ElectionTimer } from "./election.js";
import { seededRandom } from "./testing/prng.js";
import { logOf, only, sent, Solo } from "./testing/solo.js";
import { World } from "./testing/world.js";

const restored = (term: number, vote: number | null, terms: readonly number[] = []) => {
  return { hardState: { term, vote }, entries: logOf(terms) };
};
const ask = (lastIndex: number, lastTerm: number, pre = false) => {
  return { type: "vote-request", pre, transfer: false, lastIndex, lastTerm } as const;
};

test("election timeouts are in [T, 2T) and drawn anew each time", () => {
  const timer = new ElectionTimer(10, seededRandom(3));
  const seen = new Set<number>();
  for (let round = 0; round < 300; round++) {
    let ticks = 1;
    while (!timer.tick()) ticks += 1;
    seen.add(ticks);
    timer.restart();
  }
  expect([...seen].toSorted((a, b) => a - b)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

test("a campaign first asks without raising the term, and writes nothing", () => {
  const solo = new Solo({}, restored(3, 2, [1, 3]));
  const effects = solo.tick(10);
  expect(only(effects, "persist")).toEqual([]);
  expect(sent(effects).slice(0, 2)).toEqual([
    { from: 1, to: 2, term: 4, type: "vote-request", pre: true, transfer: false, lastIndex: 2, lastTerm: 3 },
    { from: 1, to: 3, term: 4, type: "vote-request", pre: true, transfer: false, lastIndex: 2, lastTerm: 3 },
  ]);
  expect(solo.core.status()).toMatchObject({ role: "pre-candidate", term: 3, leader: null });
});

test("requests for votes leave only when the candidate's own vote is on disk", () => {
  const solo = new Solo();
  while (solo.core.status().role === "follower") solo.tick();
  const effects = solo.receive(2, 1, { type: "vote-response", pre: true, granted: true });
  expect(only(effects, "persist")).toMatchObject([{ hardState: { term: 1, vote: 1 } }]);
  expect(sent(effects)).toEqual([]);
  expect(sent(solo.sync()).map(({ type, to }) => `${type} ${to}`)).toEqual([
    "vote-request 2",
    "vote-request 3",
  ]);
  expect(solo.core.status().role).toBe("candidate");
});

test("a vote leaves only when it is on disk, and a second candidate of the term gets none", () => {
  const solo = new Solo();
  const granted = solo.receive(2, 1, ask(0, 0));
  expect(only(granted, "persist")).toMatchObject([{ hardState: { term: 1, vote: 2 } }]);
  expect(sent(granted)).toEqual([]);
  expect(sent(solo.sync())).toMatchObject([{ to: 2, type: "vote-response", granted: true, term: 1 }]);
  expect(sent(solo.receive(3, 1, ask(9, 1)))).toMatchObject([{ to: 3, granted: false }]);
  expect(sent(solo.receive(2, 1, ask(0, 0)))).toMatchObject([{ to: 2, granted: true }]);
});

test("a vote survives a restart", () => {
  const solo = new Solo({}, restored(4, 2));
  expect(sent(solo.receive(3, 4, ask(9, 4)))).toMatchObject([{ granted: false }]);
});

test.each([
  [ask(2, 3), true],
  [ask(3, 3), true],
  [ask(1, 4), true],
  [ask(1, 3), false],
  [ask(9, 2), false],
])("only a log that is as complete is voted for: %o", (request, granted) => {
  for (const pre of [true, false]) {
    const solo = new Solo({}, restored(4, null, [1, 3]));
    const effects = [...solo.receive(2, 5, { ...request, pre }), ...solo.sync()];
    expect(sent(effects)).toMatchObject([{ type: "vote-response", pre, granted }]);
  }
});

test("a pre-vote binds nobody: no term, no vote, no write", () => {
  const solo = new Solo({}, restored(4, null));
  for (const candidate of [2, 3]) {
    const effects = solo.receive(candidate, 5, ask(0, 0, true));
    expect(effects).toEqual([
      {
        type: "send",
        message: { from: 1, to: candidate, term: 5, type: "vote-response", pre: true, granted: true },
      },
    ]);
  }
  expect(solo.core.status().term).toBe(4);
});

test("who hears a leader ignores requests for votes until an election timeout has passed", () => {
  const solo = new Solo();
  solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
  solo.sync();
  solo.tick(4);
  expect(solo.receive(3, 2, ask(9, 1, true))).toEqual([]);
  expect(solo.receive(3, 2, ask(9, 1))).toEqual([]);
  expect(solo.core.status()).toMatchObject({ term: 1, leader: 2 });
  solo.tick();
  expect(sent(solo.receive(3, 2, ask(9, 1, true)))).toMatchObject([{ granted: true, term: 2 }]);
});

test("votes of an earlier term, of the other kind, and twice the same do not count", () => {
  const solo = new Solo({ initial: configurationOf([1, 2, 3, 4, 5]) });
  while (solo.core.status().role === "follower") solo.tick();
  const vote = (from: number, term: number, pre: boolean) => {
    solo.receive(from, term, { type: "vote-response", pre, granted: true });
    solo.sync();
    return solo.core.status().role;
  };
  expect([vote(2, 1, true), vote(2, 1, true), vote(3, 0, false)]).toEqual(Array(3).fill("pre-candidate"));
  expect(vote(3, 1, true)).toBe("candidate");
  expect([vote(4, 1, true), vote(2, 1, false), vote(2, 1, false), vote(3, 0, false)]).toEqual(
    Array(4).fill("candidate"),
  );
  expect(vote(4, 1, false)).toBe("leader");
});

test("a leader that hears from no majority steps down after an election timeout, in its own term", () => {
  const solo = new Solo();
  solo.elect();
  solo.sync();
  solo.tick(4);
  solo.receive(3, 1, { type: "heartbeat-response", round: 0 });
  solo.tick(4);
  expect(solo.core.status().role).toBe("leader");
  solo.tick();
  expect(solo.core.status()).toMatchObject({ role: "follower", term: 1, leader: null });
});

test("without CheckQuorum it goes on", () => {
  const solo = new Solo({ checkQuorum: false });
  solo.elect();
  solo.sync();
  solo.tick(50);
  expect(solo.core.status().role).toBe("leader");
});

test("a second leader in one term stops the member, for good", () => {
  const solo = new Solo();
  solo.receive(2, 3, { type: "heartbeat", commit: 0, round: 0 });
  expect(() => solo.receive(3, 3, { type: "heartbeat", commit: 0, round: 0 })).toThrow(
    "two leaders in term 3: 2 and 3",
  );
  expect(() => solo.tick()).toThrow("two leaders in term 3");
});

test("messages to others are ignored", () => {
  const solo = new Solo();
  const message = { from: 2, to: 3, term: 7, ...ask(9, 6) };
  expect(solo.step({ type: "receive", message })).toEqual([]);
  expect(solo.core.status().term).toBe(0);
});

test("a member that was cut off does not depose the leader when it comes back", () => {
  const world = new World(3, 1);
  world.elect(1);
  world.partition([3]);
  world.run(30);
  expect(world.node(3).status).toMatchObject({ role: "pre-candidate", term: 1 });
  world.heal();
  world.run(5);
  expect(world.ids.map((id) => world.node(id).status.leader)).toEqual([1, 1, 1]);
  expect(world.node(1).status.term).toBe(1);
});

test("a member stuck in a later term makes the leader step down, so that one can lead both", () => {
  const world = new World(3, 1, {}, new Map([[3, restored(9, null)]]));
  world.partition([3]);
  world.elect(1);
  world.heal();
  world.run(30);
  expect(world.leaders()).toHaveLength(1);
  expect(world.node(3).status.leader).toBe(world.leaders()[0]?.id);
  expect(world.leaders()[0]?.status.term).toBeGreaterThan(9);
});
