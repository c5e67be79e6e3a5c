import type { Entry } from "@gauntlet/server/inside";
import { beforeEach, describe, expect, test } from "vitest";
import { begun, configuration, entry, Story } from "./testing/story.js";

let story: Story;
beforeEach(() => {
  story = begun();
});

describe("logs", () => {
  test("one index and term, two contents", () => {
    story.lead(1, 1, [entry(1, 1, "a")]);
    story.follow(2, 1, [entry(1, 1, "b")]);
    expect(story.violation).toMatchObject({
      name: "log-matching",
      what: expect.stringMatching(/entry 1 of term 1 is .* at n2, .* at n1/),
    });
  });

  test("one entry after two different pasts", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.lead(2, 2, [entry(1, 2), entry(2, 2)]);
    story.follow(3, 1, [entry(1, 1)]);
    story.follow(3, 2, [entry(2, 2)]);
    expect(story.violation).toMatchObject({
      name: "log-matching",
      what: expect.stringMatching(/entry 2 of term 2 stands after term 1 at n3, after term 2 at n2/),
    });
  });

  test.each([
    ["a gap", [entry(1, 1), entry(3, 1)]],
    ["a gap at the end", [entry(2, 1)]],
  ])("%s", (_, entries) => {
    story.lead(1, 1, entries);
    expect(story.violation?.name).toBe("log-matching");
  });

  test("terms that fall along a log", () => {
    story.lead(1, 2, [entry(1, 2), entry(2, 1)]);
    expect(story.violation).toMatchObject({
      name: "log-matching",
      what: expect.stringMatching(/after an entry of the later term/),
    });
  });

  test("a leader replaces its own entries", () => {
    story.lead(1, 1, [entry(1, 1), entry(2, 1)]);
    story.write(1, [entry(2, 1)]);
    expect(story.violation).toMatchObject({
      name: "leader-append-only",
      what: expect.stringMatching(/replaces its log from 2 on while it leads/),
    });
  });

  test("an entry comes into being at a follower", () => {
    story.follow(2, 1, [entry(1, 1)]);
    expect(story.violation).toMatchObject({
      name: "leader-append-only",
      what: expect.stringMatching(/does not lead that term/),
    });
  });

  test("a committed entry is replaced", () => {
    story.commonPast();
    story.lead(3, 2, [entry(3, 2)]);
    story.follow(2, 2, [entry(2, 1), entry(3, 2)]);
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/replaces its log from 2 on, but has committed up to 2/),
    });
  });

  test("a proposal that was refused is in a log all the same", () => {
    const data = Buffer.from("refused");
    story.step(2, {}, [{ type: "proposals-refused", id: 9, reason: "no-leader" }], {
      type: "propose",
      id: 9,
      data: [data],
    });
    story.lead(1, 1, [entry(1, 1, "refused")]);
    expect(story.violation?.name).toBe("refused-is-not-in-a-log");
  });

  test("a proposal is refused later than its entry was made", () => {
    story.step(2, {}, [], { type: "propose", id: 9, data: [Buffer.from("1/1")] });
    story.commonPast();
    story.step(2, {}, [{ type: "proposals-refused", id: 9, reason: "no-leader" }]);
    story.invariants.ended();
    expect(story.violation?.name).toBe("refused-is-not-in-a-log");
  });

  test("one entry holds another configuration elsewhere", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 2, 3, 4] })]);
    story.write(2, [configuration(3, 1, { voters: [1, 2, 3] })]);
    expect(story.violation?.name).toBe("log-matching");
  });

  test("a proposal is taken twice", () => {
    story.lead(1, 1, [entry(1, 1, "a"), entry(2, 1, "b")]);
    expect(story.violation).toBeNull();
    story.lead(2, 2, [entry(1, 2, "c"), entry(2, 2, "a")]);
    expect(story.violation).toMatchObject({
      name: "proposal-enters-once",
      what: expect.stringMatching(/n2 .* makes entry 2 of term 2 of a proposal that is entry 1 of term 1/),
    });
  });
});

describe("a member whose disk was harmed", () => {
  const state = { term: 1, vote: 1 } as const;

  function harmed(entries: (past: readonly Entry[]) => readonly Entry[], lostTo: number | null = 2): void {
    const past = story.commonPast();
    story.invariants.damaged(2);
    story.start(2, state.term, state.vote, entries(past), lostTo);
  }

  test("comes back with less and says nothing, or less than it lost", () => {
    for (const lostTo of [null, 1]) {
      story = new Story();
      for (const id of [1, 2, 3]) story.start(id);
      harmed(([first]) => [first as Entry], lostTo);
      expect(story.violation).toMatchObject({
        name: "losses-are-owned-up-to",
        what: expect.stringMatching(
          /without entry 2 of term 1, .* its disk was harmed, and it (does not|says that it lost entries up to 1)/,
        ),
      });
    }
  });

  test("comes back with all, and need say nothing", () => {
    harmed((past) => past, null);
    story.send(2, { type: "vote-response", to: 1, term: 1, pre: false, granted: true });
    expect(story.violation).toBeNull();
  });

  test("loses its vote", () => {
    story.commonPast();
    story.invariants.damaged(2);
    story.start(2, 1, null, [], 2);
    expect(story.violation?.name).toBe("durable-survives-restart");
  });

  test.each([
    ["a vote", { type: "vote-response", to: 3, term: 1, pre: false, granted: true }],
    ["a pre-vote", { type: "vote-response", to: 3, term: 2, pre: true, granted: true }],
    [
      "itself as a candidate",
      { type: "vote-request", to: 3, term: 2, pre: true, lastIndex: 1, lastTerm: 1, transfer: false },
    ],
  ] as const)("gives %s", (_, message) => {
    harmed(() => []);
    story.send(2, { type: "vote-response", to: 3, term: 1, pre: false, granted: false });
    expect(story.violation).toBeNull();
    story.send(2, message);
    expect(story.violation?.name).toBe("losses-are-owned-up-to");
  });

  test("forgets its losses at another restart", () => {
    harmed(() => []);
    story.start(2, state.term, state.vote, []);
    expect(story.violation?.name).toBe("durable-survives-restart");
  });

  test("says that it is whole before it is", () => {
    harmed(([first]) => [first as Entry]);
    story.write(2, [], state);
    expect(story.violation).toMatchObject({
      name: "losses-are-owned-up-to",
      what: expect.stringMatching(/has not got entry 2 of term 1 back/),
    });
  });

  test("is whole again and votes", () => {
    harmed(([first]) => [first as Entry]);
    expect(story.invariants.isRecovering(2)).toBe(true);
    story.write(2, [entry(2, 1)]);
    story.write(2, [], state);
    expect(story.invariants.isRecovering(2)).toBe(false);
    story.send(2, { type: "vote-response", to: 1, term: 1, pre: false, granted: true });
    expect([story.violation, story.invariants.recoveries]).toEqual([null, 1]);
  });
});

describe("configurations", () => {
  test("joint consensus breaks nothing, and its quorums count", () => {
    story.commonPast();
    const joint = configuration(3, 1, { voters: [3, 4, 5], outgoing: [1, 2, 3] });
    story.write(1, [joint]);
    story.follow(2, 1, [joint]);
    story.follow(4, 1, [entry(1, 1), entry(2, 1), joint]);
    story.follow(5, 1, [entry(1, 1), entry(2, 1), joint]);
    story.step(1, { commitIndex: 3 });
    story.write(1, [configuration(4, 1, { voters: [3, 4, 5] })]);
    expect(story.violation).toBeNull();
    story.follow(4, 1, [configuration(4, 1, { voters: [3, 4, 5] })]);
    story.step(1, { commitIndex: 4 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/on the disks of n1, n4 only \(configuration \{3 4 5\}\)/),
    });
  });

  test("a majority of one half of a joint configuration", () => {
    story.commonPast();
    const joint = configuration(3, 1, { voters: [3, 4, 5], outgoing: [1, 2, 3] });
    story.write(1, [joint]);
    story.follow(2, 1, [joint]);
    story.step(1, { commitIndex: 3 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/\{3 4 5\} leaving \{1 2 3\}/),
    });
  });

  test("from one configuration to another whose quorums need not meet", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 4, 5] })]);
    expect(story.violation).toMatchObject({
      name: "configurations-overlap",
      what: expect.stringMatching(/quorums that do not meet/),
    });
  });

  test("a leader goes on though its removal is committed", () => {
    const removal = configuration(3, 1, { voters: [2, 3] });
    story.commonPast();
    story.write(1, [removal]);
    for (const id of [2, 3]) story.write(id, [removal]);
    story.send(1, { type: "heartbeat", commit: 2, round: 1 });
    const heartbeat = { type: "heartbeat", from: 1, to: 2, term: 1, commit: 3, round: 2 } as const;
    // The last word of its leadership.
    story.step(1, { commitIndex: 3, role: "follower" }, [{ type: "send", message: heartbeat }]);
    expect(story.violation).toBeNull();
    story.step(1, { role: "leader" });
    story.send(1, { ...heartbeat, round: 3 });
    expect(story.violation?.name).toBe("removed-leader-steps-down");
  });

  test("a change while the one before is not committed", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 2, 3, 4] })]);
    story.write(1, [configuration(4, 1, { voters: [1, 2, 3, 4, 5] })]);
    expect(story.violation).toMatchObject({
      name: "configurations-overlap",
      what: expect.stringMatching(/while \{1 2 3 4\} \(entry 3\) is not committed/),
    });
  });

  test("a change before an entry of the leader's term is committed (Ongaro 2015)", () => {
    story.commonPast();
    story.lead(2, 2, [entry(3, 2), configuration(4, 2, { voters: [1, 2, 3, 4] })]);
    expect(story.violation).toMatchObject({
      name: "configurations-overlap",
      what: expect.stringMatching(/before it has committed an entry of its term/),
    });
  });

  test("a configuration that was replaced is out of force", () => {
    story.commonPast();
    story.write(1, [configuration(3, 1, { voters: [1, 2, 3, 4] })]);
    story.lead(2, 2, [entry(3, 2)]);
    story.follow(1, 2, [entry(3, 2)]);
    story.step(2, { commitIndex: 3 });
    story.write(2, [configuration(4, 2, { voters: [1, 2, 3, 5] })]);
    expect(story.violation).toBeNull();
  });
});
