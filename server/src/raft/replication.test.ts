import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { Entry } from "./entry.js";
import type { Message } from "./message.js";
import { logOf, only, sent, Solo } from "./testing/solo.js";
import { World } from "./testing/world.js";

const appendsTo = (peer: number, messages: readonly Message[]) => {
  return messages.flatMap((message) => (message.type === "append" && message.to === peer ? [message] : []));
};
const indexes = (entries: readonly Entry[] | undefined) => entries?.map(({ index }) => index);
const bytes = (count: number, size = 1) => Array.from({ length: count }, () => new Uint8Array(size));

function leader(config: ConstructorParameters<typeof Solo>[0] = {}): Solo {
  const solo = new Solo(config);
  solo.elect();
  return solo;
}
const accept = (solo: Solo, from: number, matchIndex: number) => {
  return solo.receive(from, 1, { type: "append-accepted", matchIndex });
};

test("a new leader begins its term with a no-op, sent while its own disk still writes", () => {
  const effects = new Solo().elect();
  expect(only(effects, "persist")).toMatchObject([
    { entries: [{ index: 1, term: 1, kind: "noop", timestampMs: 5 }] },
  ]);
  expect(sent(effects)).toMatchObject([
    { type: "append", to: 2, prevIndex: 0 },
    { type: "append", to: 3 },
  ]);
});

test("its own log counts for the majority when it is on disk, not before", () => {
  const solo = leader();
  accept(solo, 2, 1);
  expect(solo.core.status().commitIndex).toBe(0);
  expect(only(solo.sync(), "apply")[0]?.entries).toHaveLength(1);
});

test("others can commit without the leader's disk, but it applies only what its disk has", () => {
  const solo = leader();
  accept(solo, 2, 1);
  expect(only(accept(solo, 3, 1), "apply")).toEqual([]);
  expect(solo.core.status().commitIndex).toBe(1);
  expect(only(solo.sync(), "apply")).toHaveLength(1);
});

test("appends are batched by bytes and pipelined up to the window; answers open it", () => {
  const solo = leader({ maxAppendBytes: 2 * 33, maxInflightAppends: 2 });
  accept(solo, 2, 1);
  const first = appendsTo(2, sent(solo.propose(...bytes(7))));
  expect(first.map(({ entries }) => indexes(entries))).toEqual([
    [2, 3],
    [4, 5],
  ]);
  const next = appendsTo(2, sent(accept(solo, 2, 3)));
  expect(next.map(({ entries }) => indexes(entries))).toEqual([[6, 7]]);
});

test("a lost append is found by the next heartbeat's answer, even with a full window", () => {
  const solo = leader({ maxInflightAppends: 1 });
  accept(solo, 2, 1);
  solo.propose(...bytes(1));
  solo.propose(...bytes(1));
  solo.tick();
  const probe = appendsTo(2, sent(solo.receive(2, 1, { type: "heartbeat-response", round: 0 })));
  expect(probe).toMatchObject([{ prevIndex: 2, entries: [] }]);
  const again = solo.receive(2, 1, {
    type: "append-rejected",
    rejectedPrevIndex: 2,
    hintIndex: 1,
    hintTerm: 1,
    lost: false,
  });
  expect(appendsTo(2, sent(again)).map(({ entries }) => indexes(entries))).toEqual([[2, 3]]);
});

test("answers to other heartbeats than the regular ones start no retransmission", () => {
  const solo = leader();
  const answer = { type: "heartbeat-response", round: 0 } as const;
  expect(sent(solo.receive(2, 1, answer))).toEqual([]);
  solo.tick();
  expect(sent(solo.receive(2, 1, answer))).toHaveLength(1);
  expect(sent(solo.receive(2, 1, answer))).toEqual([]);
});

test("a heartbeat's commit index is capped by what the peer is known to hold", () => {
  const solo = leader();
  accept(solo, 2, 1);
  solo.sync();
  const heartbeats = sent(solo.tick()).filter(({ type }) => type === "heartbeat");
  expect(heartbeats).toMatchObject([
    { to: 2, commit: 1 },
    { to: 3, commit: 0 },
  ]);
});

test("a new commit index is told at once, and once", () => {
  const solo = leader();
  accept(solo, 2, 1);
  expect(appendsTo(2, sent(solo.sync()))).toMatchObject([{ commit: 1, entries: [] }]);
  expect(appendsTo(2, sent(accept(solo, 2, 1)))).toEqual([]);
});

test("an acknowledgement of what the leader does not have stops it", () => {
  expect(() => accept(leader(), 2, 5)).toThrow("acknowledges 5, but this leader's log ends at 1");
});

test("proposals over the limit are refused whole; an empty backlog takes a large one", () => {
  const solo = leader({ maxUncommittedBytes: 200 });
  solo.sync();
  accept(solo, 2, 1);
  expect(only(solo.propose(...bytes(1, 500)), "proposals-refused")).toEqual([]);
  expect(only(solo.propose(...bytes(1)), "proposals-refused")).toMatchObject([
    { reason: "too-many-uncommitted" },
  ]);
  expect(sent(solo.receive(3, 1, { type: "propose", id: 1, data: bytes(1) }))).toEqual([
    { from: 1, to: 3, term: 1, type: "proposals-refused", id: 1, reason: "too-many-uncommitted" },
  ]);
  expect(solo.core.status().lastIndex).toBe(2);
  solo.sync();
  accept(solo, 2, 2);
  expect(only(solo.propose(...bytes(2)), "proposals-refused")).toEqual([]);
  expect(solo.core.status().lastIndex).toBe(4);
});

test("a follower hands proposals to its leader, and passes none on", () => {
  const solo = new Solo();
  expect(solo.propose(...bytes(1))).toEqual([{ type: "proposals-refused", id: 1, reason: "no-leader" }]);
  solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
  solo.sync();
  const data = bytes(5, 10);
  expect(sent(solo.propose(...data))).toEqual([{ from: 1, to: 2, term: 1, type: "propose", id: 2, data }]);
  expect(solo.receive(3, 1, { type: "propose", id: 1, data: bytes(1) })).toEqual([]);
});

test("entries of an earlier term are not committed by counting (dissertation, figure 3.7)", () => {
  const old = { hardState: { term: 3, vote: null }, entries: logOf([1, 2]) };
  const solo = new Solo({ initial: configurationOf([1, 2, 3, 4, 5]) }, old);
  while (solo.core.status().role === "follower") solo.tick();
  for (const pre of [true, false]) {
    for (const from of [2, 3]) solo.receive(from, 4, { type: "vote-response", pre, granted: true });
    solo.sync();
    for (const from of [2, 3]) solo.receive(from, 4, { type: "vote-response", pre, granted: true });
  }
  solo.sync();
  const accept = (matchIndex: number) => {
    for (const from of [2, 3]) solo.receive(from, 4, { type: "append-accepted", matchIndex });
    return solo.core.status().commitIndex;
  };
  // 2/2 is on a majority now. A member with a log [1, 3] could still be elected and replace it.
  expect(accept(2)).toBe(0);
  expect(accept(3)).toBe(3);
});

test.each([
  ["shorter", [1, 1, 1, 4, 4, 5, 5, 6, 6]],
  ["much shorter", [1, 1, 1, 4]],
  ["longer", [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
  ["longer, a later term", [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
  ["another tail", [1, 1, 1, 4, 4, 4, 4]],
  ["older tails", [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
])("a divergent log is brought into line in few probes (dissertation, figure 3.6): %s", (_, terms) => {
  const mine = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const state = (log: readonly number[]) => ({ hardState: { term: 7, vote: null }, entries: logOf(log) });
  const logs = new Map([mine, terms, mine].map((log, at) => [at + 1, state(log)]));
  const world = new World(3, 1, { maxAppendBytes: 10_000 }, logs);
  world.partition([2]);
  world.elect(1);
  world.heal();
  let rejections = 0;
  world.tick(1);
  while (world.network.length > 0) {
    if (world.network[0]?.type === "append-rejected") rejections += 1;
    world.deliver(0);
    for (const id of world.ids) world.sync(id);
  }
  expect(world.node(2).memory).toEqual(world.node(1).memory);
  expect(world.node(2).status.commitIndex).toBe(11);
  expect(rejections).toBeLessThanOrEqual(2);
});

test("a full window that lags behind the commit index is not asked again with every answer", () => {
  const solo = leader({ maxInflightAppends: 1 });
  solo.sync();
  accept(solo, 2, 1);
  accept(solo, 3, 1);
  solo.propose(...bytes(1));
  solo.propose(...bytes(1));
  solo.sync();
  // The append of entry 2 to member 3 is lost; member 2 and the leader commit 3.
  accept(solo, 2, 2);
  accept(solo, 2, 3);
  expect(solo.core.status().commitIndex).toBe(3);
  expect(sent(accept(solo, 3, 1))).toEqual([]);
});
