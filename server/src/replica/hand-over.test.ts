import { afterEach, beforeEach, expect, test } from "vitest";
import type { MemberId } from "../raft/message.js";
import { ReplicaWorld, SELF } from "../testing/replica-world.js";
import type { Alarm } from "./report.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
  world.effects({ type: "role-changed", role: "leader", term: 2, leader: SELF });
});

afterEach(() => world.replica.stop());

const says = (from: MemberId, ...alarms: readonly Alarm[]): void =>
  world.replica.receiveReport(from, { alarms, hashes: [], hashFormat: 1 });
const asked = (): unknown[] => world.events.flatMap((event) => (event.type === "transfer" ? [event.to] : []));
/** One round of reports. */
const second = (): void => world.clock.advance(1000);

test("a leader without room hands over, to one after the other, until it does not lead any more", () => {
  second();
  expect(asked()).toEqual([]);
  world.replica.logFull(true);
  for (let round = 0; round < 3; round++) second();
  expect(asked()).toEqual([12, 13, 12]);
  world.effects({ type: "role-changed", role: "follower", term: 3, leader: 12 });
  second();
  expect(asked()).toHaveLength(3);
});

test("it does not hand over to one that has no room either, and not where no quorum has any", () => {
  world.replica.logFull(true);
  says(12, "NOSPACE");
  second();
  // Of three voters one has room.
  expect(asked()).toEqual([]);
  says(12);
  second();
  world.replica.logFull(false);
  second();
  expect(asked()).toHaveLength(1);
});

test("a member that does not lead asks nobody, nor does one that was asked itself to hand over", () => {
  world.replica.logFull(true);
  const transfer = world.replica.transferLeadership(13);
  world.clock.runSoon();
  second();
  expect(asked()).toEqual([13]);
  world.effects({ type: "role-changed", role: "follower", term: 3, leader: 13 });
  second();
  expect(asked()).toEqual([13]);
  return transfer;
});
