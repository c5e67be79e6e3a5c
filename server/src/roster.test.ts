import { expect, test } from "vitest";
import type { Identity } from "./identity.js";
import { configurationOf } from "./raft/configuration.js";
import { Roster } from "./roster.js";
import type { MemberAttributes, MemberRegistry } from "./store/index.js";

function attributes(id: number, name: string, peerUrl = `http://host:${id}`): MemberAttributes {
  return { id, name, peerUrls: [peerUrl], clientUrls: name === "" ? [] : [`http://clients:${id}`] };
}

const founding: Identity = {
  clusterId: 7,
  self: attributes(1, "one"),
  members: [attributes(1, "one"), attributes(2, "two")],
  removed: [],
  founders: [1, 2],
};

function rosterOf(identity: Identity) {
  const registry: { now: MemberRegistry } = { now: { members: [], removed: [] } };
  return { registry, roster: new Roster(identity, () => registry.now) };
}

test("founders are listed by what the flags say until the log tells more", () => {
  const { roster, registry } = rosterOf(founding);
  expect(roster.list().map(({ id, name, isStarted }) => [id, name, isStarted])).toEqual([
    [1, "one", false],
    [2, "two", false],
  ]);
  registry.now = { members: [attributes(2, "two", "http://moved:2")], removed: [] };
  expect(roster.find(2)).toMatchObject({ isStarted: true, peerUrls: ["http://moved:2"] });
  expect(roster.find(3)).toBeNull();
});

test("the configuration decides who is a member and who learns", () => {
  const { roster, registry } = rosterOf(founding);
  registry.now = { members: [attributes(3, "")], removed: [2] };
  roster.configurationApplied({ ...configurationOf([1]), learners: [3] });
  expect(roster.list().map(({ id, isLearner, isStarted }) => [id, isLearner, isStarted])).toEqual([
    [1, false, false],
    [3, true, false],
  ]);
  expect(roster.removed).toEqual([2]);
  expect([roster.nameOf(1), roster.nameOf(3), roster.nameOf(0xbee)]).toEqual(["one", "3", "bee"]);
});

test("who joins dials all it was told of, at addresses old and new, whatever an old part of the log says", () => {
  const start = [attributes(1, "one", "http://new:1"), attributes(3, "three"), attributes(4, "")];
  const joined = { ...founding, self: attributes(4, ""), members: start, removed: [2], founders: [] };
  const { roster, registry } = rosterOf(joined);
  expect(roster.list().map(({ id, isLearner }) => [id, isLearner])).toEqual([
    [1, false],
    [3, false],
    [4, false],
  ]);
  registry.now = { members: [attributes(1, "one", "http://old:1"), attributes(2, "two")], removed: [] };
  roster.configurationApplied(configurationOf([1, 2]));
  expect(roster.toDial().map(({ id, peerUrls }) => [id, peerUrls])).toEqual([
    [1, ["http://old:1", "http://new:1"]],
    [2, ["http://host:2"]],
    [3, ["http://host:3"]],
    [4, ["http://host:4"]],
  ]);
  expect(roster.removed).toEqual([2]);
});
