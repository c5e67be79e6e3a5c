import { expect, test } from "vitest";
import type { Effect } from "./event.js";
import { only, sent, Solo } from "./testing/solo.js";

const requests = (effects: readonly Effect[]) => {
  return sent(effects).flatMap((message) => (message.type === "read-request" ? [message.id] : []));
};

/** Member 1 follows member 2 in term 1. */
function follower(seed = 1): Solo {
  const solo = new Solo({ electionTicks: 5, heartbeatTicks: 2 }, undefined, seed);
  heartbeat(solo);
  solo.sync();
  return solo;
}
const heartbeat = (solo: Solo) => solo.receive(2, 1, { type: "heartbeat", commit: 0, round: 0 });
const reply = (solo: Solo, id: number, index: number | null, from = 2) => {
  return solo.receive(from, 1, { type: "read-response", id, index });
};

test("reads are asked of the leader, those that wait meanwhile with the next request", () => {
  const solo = follower();
  const [first = 0] = requests(solo.step({ type: "read", id: 1 }));
  expect(requests(solo.step({ type: "read", id: 2 }))).toEqual([]);
  solo.step({ type: "read", id: 3 });
  const effects = reply(solo, first, 8);
  expect(only(effects, "read-ready")).toEqual([{ type: "read-ready", id: 1, index: 8 }]);
  const [second = 0] = requests(effects);
  expect(second).not.toBe(first);
  expect(reply(solo, first, 9)).toEqual([]);
  expect(only(reply(solo, second, 9), "read-ready").map(({ id, index }) => `${id}@${index}`)).toEqual([
    "2@9",
    "3@9",
  ]);
});

test("a request without an answer is repeated, then its reads are refused within an election timeout", () => {
  const solo = follower();
  const [id] = requests(solo.step({ type: "read", id: 1 }));
  const refused: Effect[] = [];
  const asked: number[] = [];
  for (let tick = 0; tick < 5; tick++) {
    const effects = solo.tick();
    asked.push(...requests(effects));
    refused.push(...only(effects, "read-refused"));
    heartbeat(solo);
  }
  expect(asked).toEqual([id, id]);
  expect(refused).toEqual([{ type: "read-refused", id: 1, reason: "leader-changed" }]);
  expect(reply(solo, id ?? 0, 4)).toEqual([]);
});

test("an answer of somebody else, or to a request of an earlier life, is none", () => {
  const [old = 0] = requests(follower(1).step({ type: "read", id: 1 }));
  const solo = follower(2);
  const [mine = 0] = requests(solo.step({ type: "read", id: 1 }));
  expect(old).not.toBe(mine);
  expect(Number.isSafeInteger(mine)).toBe(true);
  expect(reply(solo, old, 3)).toEqual([]);
  expect(reply(solo, mine, 3, 3)).toEqual([]);
  expect(only(reply(solo, mine, 3), "read-ready")).toHaveLength(1);
});

test("reads are refused when the leader refuses, is lost or changes, and where none is known", () => {
  const refusal = (effects: readonly Effect[]) => only(effects, "read-refused").map(({ reason }) => reason);
  const solo = follower();
  const [id = 0] = requests(solo.step({ type: "read", id: 1 }));
  expect(refusal(reply(solo, id, null))).toEqual(["leader-changed"]);
  solo.step({ type: "read", id: 2 });
  expect(refusal(solo.receive(3, 2, { type: "heartbeat", commit: 0, round: 0 }))).toEqual(["leader-changed"]);
  solo.sync();
  solo.tick(10);
  expect(solo.core.status().role).toBe("pre-candidate");
  expect(refusal(solo.step({ type: "read", id: 3 }))).toEqual(["no-leader"]);
});

test("who does not lead says so", () => {
  const effects = follower().receive(3, 1, { type: "read-request", id: 5 });
  expect(sent(effects)).toMatchObject([{ type: "read-response", to: 3, id: 5, index: null }]);
});
