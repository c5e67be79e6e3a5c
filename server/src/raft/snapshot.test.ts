import { expect, test } from "vitest";
import { configurationOf } from "./configuration.js";
import type { SnapshotMark } from "./configuration.js";
import type { Body } from "./message.js";
import { entry, logOf, only, sent, Solo } from "./testing/solo.js";
import { World, WORLD_CONFIG } from "./testing/world.js";

const mark = (index: number, term: number): SnapshotMark => {
  return { index, term, configuration: configurationOf([1, 2, 3]) };
};
const snapshot = (index: number, term: number): Body => ({ type: "snapshot", snapshot: mark(index, term) });
const append = (prevIndex: number, prevTerm: number, terms: readonly number[], commit = 0): Body => {
  const entries = terms.map((term, at) => entry(prevIndex + 1 + at, term));
  return { type: "append", prevIndex, prevTerm, commit, entries };
};
const holding = (term: number, terms: readonly number[]) => {
  return new Solo({}, { hardState: { term, vote: null }, entries: logOf(terms) });
};

// ---- the follower

test("a snapshot takes the place of the log, and is acknowledged and applied when it is on disk", () => {
  const solo = holding(3, [1, 1, 2, 2]);
  const effects = solo.receive(2, 3, snapshot(9, 3));
  expect(only(effects, "persist")).toMatchObject([{ snapshot: { index: 9, term: 3 }, entries: [] }]);
  expect(sent(effects)).toEqual([]);
  const installing = { commitIndex: 9, lastIndex: 9, firstIndex: 10, appliedIndex: 0 };
  expect(solo.core.status()).toMatchObject(installing);
  expect(solo.core.status().durableIndex).toBeLessThan(9);
  expect(sent(solo.sync())).toMatchObject([{ type: "append-accepted", matchIndex: 9 }]);
  expect(solo.core.status()).toMatchObject({ durableIndex: 9, appliedIndex: 9 });
  const more = solo.receive(2, 3, append(9, 3, [3, 3], 11));
  expect(only(more, "persist")[0]?.entries.map(({ index }) => index)).toEqual([10, 11]);
  expect(only(solo.sync(), "apply")[0]?.entries.map(({ index }) => index)).toEqual([10, 11]);
});

test("a write that was under way when a snapshot came says nothing about it", () => {
  const solo = holding(3, []);
  solo.receive(2, 3, append(0, 0, [1, 1]));
  solo.receive(2, 3, snapshot(9, 3));
  expect(sent(solo.sync(1))).toEqual([]);
  expect(solo.core.status().durableIndex).toBe(0);
  expect(sent(solo.sync(2))).toMatchObject([{ matchIndex: 9 }]);
});

test("an older snapshot never takes the place of newer state: it is acknowledged only", () => {
  const solo = holding(3, [1, 1, 1, 1]);
  solo.receive(2, 3, append(4, 1, [], 4));
  const effects = solo.receive(2, 3, snapshot(3, 1));
  expect(only(effects, "persist")).toEqual([]);
  expect(sent(effects)).toMatchObject([{ type: "append-accepted", matchIndex: 4 }]);
  expect(solo.core.status()).toMatchObject({ firstIndex: 1, lastIndex: 4, commitIndex: 4 });
});

test("a log that has the snapshot's last entry keeps its tail, and learns what is committed", () => {
  const solo = holding(3, [1, 1, 2, 2, 2]);
  const effects = solo.receive(2, 3, snapshot(3, 2));
  expect(only(effects, "persist")).toEqual([]);
  expect(sent(effects)).toMatchObject([{ matchIndex: 3 }]);
  expect(solo.core.status()).toMatchObject({ commitIndex: 3, lastIndex: 5, firstIndex: 1 });
});

test("what is compacted is no conflict: a late append of old entries is acknowledged, not refused", () => {
  const solo = new Solo(
    {},
    { hardState: { term: 3, vote: null }, snapshot: mark(5, 2), entries: [entry(6, 3)] },
  );
  expect(solo.core.status()).toMatchObject({ commitIndex: 5, appliedIndex: 5, firstIndex: 6, lastIndex: 6 });
  const effects = solo.receive(2, 3, append(2, 1, [1, 2, 2, 3]));
  expect(only(effects, "persist")).toEqual([]);
  expect(sent(effects)).toMatchObject([{ type: "append-accepted", matchIndex: 6 }]);
});

test("a state machine that reports late what it applied before a snapshot is not stopped for it", () => {
  const solo = holding(3, [1, 1]);
  solo.receive(2, 3, append(2, 1, [], 2));
  solo.receive(2, 3, snapshot(9, 3));
  solo.sync();
  expect(solo.step({ type: "applied", index: 2 })).toEqual([]);
  expect(solo.step({ type: "checkpointed", index: 2, firstKept: 3 })).toEqual([]);
  expect(solo.core.status()).toMatchObject({ appliedIndex: 9, firstIndex: 10 });
});

// ---- the leader

const bytes = (count: number) => Array.from({ length: count }, () => new Uint8Array(1));

/** Leads term 1 with entries 1 to 6, committed with member 2, and compacted up to 5. */
function compacted(): Solo {
  const solo = new Solo();
  solo.elect();
  solo.propose(...bytes(5));
  solo.sync();
  solo.receive(2, 1, { type: "append-accepted", matchIndex: 6 });
  solo.step({ type: "applied", index: 6 });
  solo.step({ type: "checkpointed", index: 5, firstKept: 6 });
  return solo;
}
const behind = (solo: Solo) => {
  const rejected = {
    type: "append-rejected",
    rejectedPrevIndex: 0,
    hintIndex: 0,
    hintTerm: 0,
    lost: false,
  } as const;
  return solo.receive(3, 1, rejected);
};
const answerHeartbeat = (solo: Solo) => {
  solo.tick();
  solo.receive(2, 1, { type: "heartbeat-response", round: 0 });
  return solo.receive(3, 1, { type: "heartbeat-response", round: 0 });
};
/** One more entry, committed with member 2 and applied. */
const commitOne = (solo: Solo): number => {
  solo.propose(...bytes(1));
  solo.sync();
  const { lastIndex } = solo.core.status();
  solo.receive(2, 1, { type: "append-accepted", matchIndex: lastIndex });
  solo.step({ type: "applied", index: lastIndex });
  return lastIndex;
};
const peer3 = (solo: Solo) => solo.core.status().peers?.find(({ member }) => member === 3);

test("a peer whose next entry is compacted gets a snapshot, then what follows it", () => {
  const solo = compacted();
  expect(solo.core.status().firstIndex).toBe(6);
  solo.tick();
  const effects = sent(solo.receive(3, 1, { type: "heartbeat-response", round: 0 }));
  expect(effects).toMatchObject([{ type: "snapshot", snapshot: { index: 5, term: 1 } }]);
  expect(peer3(solo)).toMatchObject({ state: "snapshot", nextIndex: 6 });
  // No appends meanwhile, and no second snapshot.
  expect(sent(solo.propose(...bytes(1))).filter(({ to }) => to === 3)).toEqual([]);
  expect(sent(answerHeartbeat(solo)).filter(({ to }) => to === 3)).toEqual([]);
  expect(sent(behind(solo))).toEqual([]);
  const next = sent(solo.receive(3, 1, { type: "append-accepted", matchIndex: 5 }));
  expect(next).toMatchObject([{ type: "append", prevIndex: 5, entries: [{ index: 6 }, { index: 7 }] }]);
  expect(peer3(solo)).toMatchObject({ state: "replicate", matchIndex: 5 });
});

const ended = (solo: Solo, ok: boolean) => sent(solo.step({ type: "snapshot-sent", to: 3, ok }));
const toPeer3 = (solo: Solo) =>
  sent(answerHeartbeat(solo)).filter(({ to, type }) => to === 3 && type !== "heartbeat");

test("a snapshot whose way ended early is sent again with the next answer to a heartbeat, of the newest state", () => {
  const solo = compacted();
  answerHeartbeat(solo);
  for (let tick = 0; tick < 3 * WORLD_CONFIG.electionTicks; tick++) expect(toPeer3(solo)).toEqual([]);
  solo.step({ type: "checkpointed", index: 6, firstKept: 7 });
  expect(ended(solo, false)).toEqual([]);
  expect(sent(solo.propose(...bytes(1))).filter(({ to }) => to === 3)).toEqual([]);
  expect(toPeer3(solo)).toMatchObject([{ type: "snapshot", snapshot: { index: 6 } }]);
  expect(toPeer3(solo)).toEqual([]);
});

test("a peer that was sent a snapshot whole and does not say so is asked whether it has it", () => {
  const solo = compacted();
  answerHeartbeat(solo);
  expect(ended(solo, true)).toEqual([]);
  expect(toPeer3(solo)).toMatchObject([{ type: "append", prevIndex: 5, entries: [{ index: 6 }] }]);
  // It crashed before that was on its disk.
  const rejected = { rejectedPrevIndex: 5, hintIndex: 1, hintTerm: 1, lost: false } as const;
  const again = sent(solo.receive(3, 1, { type: "append-rejected", ...rejected }));
  expect(again).toMatchObject([{ type: "snapshot", snapshot: { index: 5 } }]);
});

test("the end of a way that this leader knows nothing of changes nothing", () => {
  const solo = compacted();
  for (const to of [2, 3, 9]) {
    expect(solo.step({ type: "snapshot-sent", to, ok: false })).toEqual([]);
    expect(solo.step({ type: "snapshot-sent", to, ok: true })).toEqual([]);
  }
  expect(toPeer3(solo)).toMatchObject([{ type: "snapshot" }]);
  expect(new Solo().step({ type: "snapshot-sent", to: 3, ok: true })).toEqual([]);
});

test("entries that follow a snapshot are kept as long as it is under way, and an election timeout after it arrived", () => {
  const solo = compacted();
  answerHeartbeat(solo);
  const firstKept = () => {
    const last = commitOne(solo);
    solo.step({ type: "checkpointed", index: last, firstKept: last + 1 });
    return solo.core.status().firstIndex;
  };
  for (let tick = 0; tick < 3 * WORLD_CONFIG.electionTicks; tick++) {
    expect(firstKept()).toBe(6);
    answerHeartbeat(solo);
  }
  ended(solo, true);
  const next = solo.receive(3, 1, { type: "append-accepted", matchIndex: 5 });
  expect(sent(next)).toMatchObject([
    { type: "append", prevIndex: 5 },
    { prevIndex: 8 },
    { prevIndex: 11 },
    { prevIndex: 14 },
  ]);
  expect(peer3(solo)).toMatchObject({ state: "replicate", matchIndex: 5 });
  for (let tick = 1; tick < WORLD_CONFIG.electionTicks; tick++) solo.tick();
  expect(firstKept()).toBe(6);
  solo.tick();
  solo.receive(2, 1, { type: "heartbeat-response", round: 0 });
  expect(firstKept()).toBe(solo.core.status().lastIndex + 1);
});

test("nothing is kept for a snapshot whose way ended early", () => {
  const solo = compacted();
  answerHeartbeat(solo);
  ended(solo, false);
  const last = commitOne(solo);
  solo.step({ type: "checkpointed", index: last, firstKept: last + 1 });
  expect(solo.core.status().firstIndex).toBe(last + 1);
});

test("a checkpoint that is reported after a newer one does not take its place", () => {
  const solo = compacted();
  solo.step({ type: "checkpointed", index: 6, firstKept: 6 });
  solo.step({ type: "checkpointed", index: 5, firstKept: 6 });
  const effects = sent(answerHeartbeat(solo)).filter(({ to }) => to === 3);
  expect(effects).toMatchObject([{ type: "snapshot", snapshot: { index: 6 } }]);
});

test("a leader that is told of more entries than it applied stops", () => {
  const solo = compacted();
  expect(() => solo.step({ type: "checkpointed", index: 7, firstKept: 7 })).toThrow("checkpoint of entry 7");
});

test("a member that was away for long comes back by a snapshot, with the same state", () => {
  const world = new World(3, 5);
  world.elect(1);
  world.crash(3);
  world.propose(1, 20);
  world.settle();
  for (const id of [1, 2]) {
    world.beginCheckpoint(id);
    world.endCheckpoint(id, 0);
  }
  world.propose(1, 3);
  world.restart(3);
  world.run(12, [1]);
  expect(world.oracle.counts).toMatchObject({ snapshotsSent: 1, snapshotsInstalled: 1 });
  expect(world.node(3).machine).toEqual(world.node(1).machine);
  expect(world.node(3).status).toMatchObject({ appliedIndex: 24, firstIndex: 22 });
});

// ---- a disk that stalls

test("a leader whose disk stalls steps down, though the others make a majority, and does not stand again", () => {
  const solo = new Solo({ diskStallTicks: 3, heartbeatTicks: 1 });
  solo.elect();
  const alive = () => solo.receive(2, 1, { type: "append-accepted", matchIndex: 1 });
  for (let tick = 0; tick < 3; tick++) {
    solo.tick();
    alive();
  }
  expect(solo.core.status().role).toBe("leader");
  // Before it does anything else that a leader does: no heartbeat, and no learner promoted, in its last step.
  expect(sent(solo.tick())).toEqual([]);
  expect(solo.core.status()).toMatchObject({ role: "follower", term: 1 });
  expect(sent(solo.tick(40))).toEqual([]);
  expect(sent(solo.step({ type: "campaign" }))).toEqual([]);
  solo.sync();
  expect(sent(solo.tick(20)).some(({ type }) => type === "vote-request")).toBe(true);
});

test("one member alone has no leader while its disk stalls, and is one again when it is back", () => {
  const solo = new Solo({ initial: configurationOf([1]) });
  while (solo.core.status().role !== "candidate") solo.tick();
  solo.sync();
  solo.sync();
  solo.propose(...bytes(1));
  solo.tick(30);
  expect(solo.core.status().role).toBe("follower");
  solo.sync();
  while (solo.core.status().role !== "candidate") solo.tick();
  solo.sync();
  expect(solo.core.status()).toMatchObject({ role: "leader", commitIndex: 1 });
  solo.sync();
  expect(solo.core.status().commitIndex).toBe(3);
});
