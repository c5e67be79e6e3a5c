import { expect, test } from "vitest";
import { MAX_UNAPPLIED_ENTRIES } from "./apply-cursor.js";
import { logOf, only, sent, Solo } from "./testing/solo.js";
import { World } from "./testing/world.js";

test("a single member elects itself, commits by its own disk and serves reads", () => {
  const world = new World(1, 1);
  world.run(12);
  world.propose(1, 3);
  world.read(1);
  world.settle();
  expect(world.node(1).appliedIndex).toBe(4);
  expect(world.oracle.counts.readsReady).toBe(1);
});

test("the same events have the same effects", () => {
  const play = () => {
    const solo = new Solo();
    const read = solo.step({ type: "read", id: 1 });
    return [...read, ...solo.elect(), ...solo.propose(new Uint8Array(3)), ...solo.sync(), ...solo.tick(9)];
  };
  expect(play()).toEqual(play());
});

test("after a restart all is applied again, in pieces that wait for one another", () => {
  const terms = Array.from({ length: MAX_UNAPPLIED_ENTRIES + 10 }, () => 1);
  const solo = new Solo({}, { hardState: { term: 1, vote: null }, entries: logOf(terms) });
  expect(solo.core.status().commitIndex).toBe(0);
  const first = solo.receive(2, 1, { type: "heartbeat", commit: terms.length, round: 0 });
  expect(only(first, "apply")[0]?.entries).toHaveLength(MAX_UNAPPLIED_ENTRIES);
  expect(only(solo.tick(), "apply")).toEqual([]);
  const rest = solo.step({ type: "applied", index: MAX_UNAPPLIED_ENTRIES });
  expect(
    only(rest, "apply")[0]
      ?.entries.map(({ index }) => index)
      .at(0),
  ).toBe(MAX_UNAPPLIED_ENTRIES + 1);
  expect(only(rest, "apply")[0]?.entries).toHaveLength(10);
});

test("a driver that reports what cannot be is stopped", () => {
  expect(() => new Solo().step({ type: "applied", index: 1 })).toThrow("applied(1)");
  expect(() => new Solo().sync(3)).toThrow("persisted(3)");
  const late = { hardState: { term: 1, vote: null }, entries: logOf([1, 2]) };
  expect(() => new Solo({}, late)).toThrow("later than the restored term 1");
});

test("role, term and leader are announced when one of them changes, and only then", () => {
  const solo = new Solo();
  const effects = [
    ...solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 }),
    ...solo.sync(),
    ...solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 }),
  ];
  expect(only(effects, "role-changed")).toEqual([
    { type: "role-changed", role: "follower", term: 1, leader: 2 },
  ]);
});

test("messages that wait for a disk that is stuck are bounded: the first of them leave when it is back", () => {
  const solo = new Solo();
  const ask = (round: number) => solo.receive(2, 1, { type: "heartbeat", commit: 0, round });
  const early = Array.from({ length: 2000 }, (_, round) => sent(ask(round)));
  expect(early.flat()).toEqual([]);
  const late = sent(solo.sync());
  expect(late).toHaveLength(1024);
  expect(late.at(-1)).toMatchObject({ type: "heartbeat-response", round: 1023 });
  expect(sent(ask(2000))).toMatchObject([{ type: "heartbeat-response", round: 2000 }]);
});

test("all members go down at once and come back with all that was acknowledged", () => {
  const world = new World(5, 3);
  world.elect(2);
  world.propose(2, 4);
  world.settle();
  const before = world.oracle.committed.length;
  world.propose(2, 2);
  for (const id of world.ids) world.crash(id);
  for (const id of world.ids) world.restart(id);
  while (world.network.length > 0) world.lose(0);
  world.run(30);
  expect(world.leaders()).toHaveLength(1);
  expect(world.oracle.committed.length).toBe(before + 1);
});
