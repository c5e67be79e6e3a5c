import { describe, expect, test } from "vitest";
import type { RosterMember } from "../roster.js";
import { faultOfAdding, faultOfPromoting, faultOfRemoving, faultOfUpdating } from "./membership-rules.js";
import type { Circumstances } from "./membership-rules.js";

/** Of a cluster as "1 2 3*": a star for a learner, a minus for one that never started, a slash for one that does not answer. */
function cluster(text: string): Circumstances {
  const words = text.split(" ");
  const members = words.map((word): RosterMember => {
    const id = Number.parseInt(word, 10);
    const isStarted = !word.includes("-");
    const urls = { peerUrls: [`http://host:${id}`], clientUrls: [] };
    return { id, name: isStarted ? `n${id}` : "", ...urls, isStarted, isLearner: word.includes("*") };
  });
  return {
    self: 1,
    members,
    isConnected: (id) => !words.some((word) => word.startsWith(`${id}`) && word.includes("/")),
  };
}

const FREE = ["http://host:99"];

describe("a member that is added", () => {
  test.each([
    ["1", false, null],
    ["1 2", false, null],
    ["1 2 3", false, null],
    // Three voters, of which one never started, and a fourth that has not either: two are no quorum of four.
    ["1 2 3-", false, "MemberNotEnoughStarted"],
    ["1 2-", false, "MemberNotEnoughStarted"],
    ["1-", false, "MemberNotEnoughStarted"],
    // A learner changes no quorum.
    ["1 2-", true, null],
    ["1 2 3/", false, "Unhealthy"],
    ["1 2 3/", true, "Unhealthy"],
    ["1 2 3*/", false, null],
    ["1 2 3*", true, "TooManyLearners"],
    ["1 2 3*", false, null],
  ] as const)("to %s (as a learner: %s): %s", (text, isLearner, fault) => {
    expect(faultOfAdding(cluster(text), FREE, isLearner)).toBe(fault);
  });

  test("has an address that nobody has, however it is written", () => {
    expect(faultOfAdding(cluster("1 2"), ["http://host:99", "http://host:2/"], false)).toBe("PeerURLExist");
    expect(faultOfAdding(cluster("1 2*"), ["http://host:2"], true)).toBe("PeerURLExist");
  });
});

describe("a member that is removed", () => {
  test.each([
    ["1 2 3", 3, null],
    ["1 2 3", 1, null],
    ["1 2 3", 9, "MemberNotFound"],
    ["1", 1, "MemberNotEnoughStarted"],
    // The rest is two, and both are needed.
    ["1 2/ 3", 3, "Unhealthy"],
    ["1 2/ 3", 2, null],
    ["1 2/ 3", 1, "Unhealthy"],
    ["1 2 3 4 5/", 4, null],
    ["1 2 3 4/ 5/", 3, "Unhealthy"],
    ["1 2 3 4/ 5/", 4, null],
    ["1 2- 3", 3, "MemberNotEnoughStarted"],
    ["1 2- 3", 2, null],
    ["1 2* 3*", 2, null],
    ["1 2*", 1, "MemberNotEnoughStarted"],
  ] as const)("of %s: %s: %s", (text, id, fault) => {
    expect(faultOfRemoving(cluster(text), id)).toBe(fault);
  });
});

test.each([
  ["1 2*", 2, null],
  ["1 2*", 1, "MemberNotLearner"],
  ["1 2*", 3, "MemberNotFound"],
  ["1 2 3- 4*", 4, null],
  ["1 2- 3- 4*", 4, "MemberNotEnoughStarted"],
] as const)("a learner that is promoted, of %s: %s: %s", (text, id, fault) => {
  expect(faultOfPromoting(cluster(text), id)).toBe(fault);
});

test("a member that moves may keep an address of its own, and take none of another's", () => {
  expect(faultOfUpdating(cluster("1 2"), 2, ["http://host:2", "http://host:99"])).toBeNull();
  expect(faultOfUpdating(cluster("1 2"), 2, ["http://host:1"])).toBe("PeerURLExist");
  expect(faultOfUpdating(cluster("1 2"), 3, FREE)).toBe("MemberNotFound");
});
