import { beforeEach, describe, expect, test } from "vitest";
import { begun, entry, Story } from "./testing/story.js";

let story: Story;
beforeEach(() => {
  story = begun();
});

describe("elections", () => {
  test("two leaders in a term", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.lead(2, 1, []);
    expect(story.violation).toMatchObject({
      name: "election-safety",
      what: expect.stringMatching(/n2 \(life 1, term 1\) leads term 1, which n1 led/),
    });
  });

  test("a leader of an earlier life leads the same term again", () => {
    story.lead(1, 1, []);
    story.start(1, 1, 1);
    story.lead(1, 1, []);
    expect(story.violation?.name).toBe("election-safety");
  });

  test("one that does not lead speaks as a leader", () => {
    story.follow(1, 1, []);
    story.send(1, { type: "heartbeat", commit: 0, round: 1 });
    expect(story.violation).toMatchObject({
      name: "election-safety",
      what: expect.stringMatching(/speaks as the leader of term 1/),
    });
  });

  test("a second vote in a term, after a restart that lost the first", () => {
    story.follow(3, 1, [], 1);
    story.send(3, { type: "vote-response", to: 1, pre: false, granted: true });
    story.start(3, 1, 1);
    expect(story.violation).toBeNull();
    story.write(3, [], { term: 1, vote: 2 });
    story.send(3, { type: "vote-response", to: 2, pre: false, granted: true });
    expect(story.violation).toMatchObject({
      name: "one-vote-a-term",
      what: expect.stringMatching(/votes for n2 in term 1, and voted for n1/),
    });
  });

  test("a candidate's request is a vote for itself", () => {
    story.follow(3, 1, [], 1);
    story.send(3, { type: "vote-response", to: 1, pre: false, granted: true });
    story.send(3, { type: "vote-request", pre: false, lastIndex: 0, lastTerm: 0 });
    expect(story.violation?.name).toBe("one-vote-a-term");
  });

  test("a vote leaves before it is on disk", () => {
    story.write(3, [], { term: 1, vote: null }, { term: 1 });
    story.persist(3, [], { term: 1, vote: 1 });
    story.send(3, { type: "vote-response", to: 1, pre: false, granted: true });
    expect(story.violation).toMatchObject({
      name: "term-durable-before-it-leaves",
      what: expect.stringMatching(/votes for n1 in term 1, but its disk has term 1 and vote null/),
    });
  });

  test("a term leaves before it is on disk; the term of a pre-vote may", () => {
    story.send(3, { type: "vote-request", term: 1, pre: true, lastIndex: 0, lastTerm: 0 });
    story.send(3, { type: "vote-response", term: 1, pre: true, granted: true });
    expect(story.violation).toBeNull();
    story.persist(3, [], { term: 1, vote: null }, { term: 1 });
    story.send(3, { type: "append-rejected", rejectedPrevIndex: 1, hintIndex: 0, hintTerm: 0, lost: false });
    expect(story.violation).toMatchObject({
      name: "term-durable-before-it-leaves",
      what: expect.stringMatching(/term 0 is on its disk/),
    });
  });

  test("a term that goes back", () => {
    story.follow(3, 2, []);
    story.step(3, { term: 1 });
    expect(story.violation?.name).toBe("term-monotonic");
  });

  test("a leader without a committed entry", () => {
    story.commonPast();
    story.start(5);
    story.lead(5, 2, [entry(1, 2)]);
    expect(story.violation).toMatchObject({
      name: "leader-completeness",
      what: expect.stringMatching(
        /n5 .* leads without the committed entry 2 of term 1; it has a log up to 1/,
      ),
    });
  });

  test("a leader of an old term that wins late need not have what a newer one committed", () => {
    const entries = story.commonPast();
    story.follow(3, 2, [], 3);
    story.lead(2, 3, [entry(3, 3)]);
    story.follow(1, 3, [entry(3, 3)], 2);
    story.step(2, { commitIndex: 3 });
    story.step(3, { role: "leader" });
    expect(story.violation).toBeNull();
    story.start(5);
    expect(story.violation).toBeNull();
    story.lead(5, 4, entries);
    expect(story.violation).toMatchObject({
      name: "leader-completeness",
      what: expect.stringMatching(/n5 .* leads without the committed entry 3 of term 3/),
    });
  });

  test("an entry commits in an old term although the leader of a newer one lacks it", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)], 1);
    story.lead(3, 2, [entry(1, 2)]);
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "leader-completeness",
      what: expect.stringMatching(/n3 \(life 1, term 2\)/),
    });
  });
});

describe("disks", () => {
  test("an acknowledgement leaves before the entry is durable", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.write(2, [], { term: 1, vote: 1 }, { term: 1 });
    story.persist(2, [entry(1, 1)]);
    story.send(2, { type: "append-accepted", to: 1, matchIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "acknowledged-is-durable",
      what: expect.stringMatching(/acknowledges entries up to 1 to n1, but its disk has its log up to 0/),
    });
  });

  test("what is on disk was replaced in memory since (ABA)", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)]);
    story.lead(3, 2, [entry(1, 2)]);
    story.write(2, [], { term: 2, vote: 3 }, { term: 2 });
    story.persist(2, [entry(1, 2)]);
    story.send(2, { type: "append-accepted", to: 3, matchIndex: 1 });
    expect(story.violation?.name).toBe("acknowledged-is-durable");
  });

  test("a tail of its own is acknowledged as the leader's", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)]);
    story.lead(3, 2, [entry(1, 2)]);
    story.write(2, [], { term: 2, vote: 3 }, { term: 2 });
    story.send(2, { type: "append-accepted", to: 3, matchIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "acknowledged-is-durable",
      what: expect.stringMatching(/acknowledges entry 1 of term 1 to n3, which has one of term 2/),
    });
  });

  test.each([
    ["the last entry", [entry(1, 1)], 1, 1],
    ["the whole log", [], 1, 1],
    ["the vote", [entry(1, 1), entry(2, 1)], 1, null],
    ["the term", [entry(1, 1), entry(2, 1)], 0, null],
  ] as const)("a restart loses %s", (_, entries, term, vote) => {
    story.commonPast();
    story.start(2, term, vote, entries);
    expect(story.violation?.name).toBe("durable-survives-restart");
  });

  test("a restart may lose what was not reported as durable, and keep it", () => {
    for (const kept of [[], [entry(1, 1)]]) {
      story = new Story();
      for (const id of [1, 2]) story.start(id);
      story.lead(1, 1, [entry(1, 1)]);
      story.persist(2, [entry(1, 1)], { term: 1, vote: 1 }, { term: 1 });
      story.start(2, kept.length, kept.length === 0 ? null : 1, kept);
      expect(story.violation).toBeNull();
    }
  });

  test("a restart brings up an entry that nobody wrote", () => {
    story.commonPast();
    story.start(2, 1, 1, [entry(1, 1), entry(2, 1), entry(3, 1)]);
    expect(story.violation).toMatchObject({
      name: "durable-survives-restart",
      what: expect.stringMatching(/entry 3 of term 1, which nobody ever wrote/),
    });
  });
});
