import { readdirSync, readFileSync } from "node:fs";
import type { Effect } from "@gauntlet/server/inside";
import { beforeEach, expect, test } from "vitest";
import { INVARIANTS } from "./violation.js";
import { begun, entry, type Story } from "./testing/story.js";

let story: Story;
beforeEach(() => {
  story = begun();
});

test("a past without fault breaks nothing", () => {
  const [first, second] = story.commonPast();
  story.send(2, { type: "append-accepted", to: 1, matchIndex: 2 });
  story.send(1, { type: "heartbeat", commit: 2, round: 1 });
  story.apply(1, [first]);
  story.apply(1, [second]);
  story.step(2, {}, [], { type: "read", id: 7 });
  story.step(2, {}, [{ type: "read-ready", id: 7, index: 2 }]);
  story.lead(2, 2, [entry(3, 2)]);
  story.send(3, { type: "vote-response", to: 2, term: 1, pre: false, granted: false });
  story.start(3, 1, 1, [first, second]);
  story.invariants.ended();
  expect(story.violation).toBeNull();
  expect(story.invariants.elections).toBe(2);
  expect(story.invariants.committed.map(({ entry: each }) => each)).toEqual([first, second]);
});

test("the first violation stays", () => {
  story.commonPast();
  story.step(2, { commitIndex: 1 });
  const { violation } = story.invariants;
  story.lead(3, 1, []);
  story.invariants.ended();
  expect(story.invariants.violation).toBe(violation);
});

test("every invariant is broken by a story of the tests beside", () => {
  const folder = new URL(".", import.meta.url);
  const tests = readdirSync(folder).filter((name) => name.endsWith("-rules.test.ts"));
  const told = tests.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  for (const name of Object.keys(INVARIANTS)) expect(told).toContain(`"${name}"`);
});

test("a replica has the state of a snapshot once that is durable: until then its store is what it was", () => {
  story.commonPast();
  const mark = { index: 2, term: 1, configuration: { voters: [1, 2, 3], outgoing: [], learners: [] } };
  const persist = {
    type: "persist",
    sequence: 1,
    hardState: { term: 1, vote: null },
    snapshot: mark,
    entries: [],
  };
  story.step(4, { term: 1, commitIndex: 2 }, [persist as unknown as Effect]);
  expect(story.invariants.appliedIndex(4)).toBe(0);
  story.step(4, {}, [], { type: "persisted", sequence: 1 });
  expect([story.invariants.appliedIndex(4), story.violation]).toEqual([2, null]);
});
