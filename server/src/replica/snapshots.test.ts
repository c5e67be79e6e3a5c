import { afterEach, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "./open.js";
import { MembersWorld, THREE, has, put } from "../testing/members-world.js";

let world = new MembersWorld();

afterEach(() => {
  world.end();
  world = new MembersWorld();
});

/** A checkpoint every few writes, and hardly anything kept behind it. */
const SMALL = {
  checkpoints: { checkpointBytes: 1000, tail: { maxEntries: 5, maxBytes: 1 << 20 } },
  limits: DEFAULT_LIMITS,
};

test("a follower that lagged behind the log is sent the state, and goes on with the log", async () => {
  await world.openThree(SMALL);
  const leader = await world.leader();
  await world.ended(put(leader, "before"));
  const [lagging, other] = world.others(leader);
  world.delivers = ({ from, to }) => from !== lagging.self && to !== lagging.self;
  for (let at = 0; at < 100; at += 1) await world.ended(put(leader, `key ${at}`));
  await world.until("the log is cut", () => leader.told.some((each) => each.startsWith("checkpoint")));
  world.delivers = () => true;
  await world.until("it has it all", () => has(lagging, "key 99"));
  expect(lagging.told.some((each) => each.startsWith("installed"))).toBe(true);
  expect(await world.ended(put(leader, "after"))).not.toBeInstanceOf(Error);
  await world.until("it goes on", () => has(lagging, "after"));
  const hashes = [leader, lagging, other].map((member) => member?.store.hash());
  expect(new Set(hashes).size).toBe(1);
  const again = await world.restart(lagging.self, SMALL);
  expect(has(again, "key 0")).toBe(true);
  await world.until("it has the rest", () => has(again, "after"));
  expect(world.members.size).toBe(THREE.voters.length);
});
