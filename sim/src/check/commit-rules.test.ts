import { beforeEach, describe, expect, test } from "vitest";
import { begun, entry, Story } from "./testing/story.js";

let story: Story;
beforeEach(() => {
  story = begun();
});

describe("commits", () => {
  test("a commit index that goes back", () => {
    story.commonPast();
    story.step(2, { commitIndex: 1 });
    expect(story.violation?.name).toBe("commit-monotonic");
  });

  test("two values for one index", () => {
    story.commonPast();
    story.start(4);
    story.lead(5, 2, [entry(1, 2)]);
    expect(story.violation?.name).toBe("leader-completeness");
  });

  test("two values for one index, at a follower", () => {
    story.lead(5, 1, [entry(1, 1), entry(2, 1)]);
    story.follow(4, 1, [entry(1, 1), entry(2, 1)]);
    story.step(5, { role: "follower" });
    story.lead(1, 2, [entry(1, 2)]);
    for (const id of [2, 3]) story.follow(id, 2, [entry(1, 2)]);
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toBeNull();
    story.step(4, { commitIndex: 2 });
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/n4 .* commits entry 1 of term 1, elsewhere the one of term 2/),
    });
  });

  test("past the log's end", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.step(1, { commitIndex: 2 });
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/its log ends at 1/),
    });
  });

  test("a leader counts an entry of an earlier term", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.follow(2, 1, [entry(1, 1)]);
    story.write(1, [entry(2, 2)], { term: 2, vote: 1 }, { term: 2, role: "leader" });
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "commit-of-current-term",
      what: expect.stringMatching(/commits entry 1, which is of term 1/),
    });
  });

  test("what only a minority has on disk", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.persist(2, [entry(1, 1)], { term: 1, vote: 1 }, { term: 1 });
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/on the disks of n1 only \(configuration \{1 2 3\}\)/),
    });
  });

  test("what only machines outside the configuration have", () => {
    story.lead(1, 1, [entry(1, 1)]);
    for (const id of [4, 5]) story.follow(id, 1, [entry(1, 1)]);
    story.step(1, { commitIndex: 1 });
    expect(story.violation).toMatchObject({
      name: "committed-is-durable-on-a-quorum",
      what: expect.stringMatching(/n1, n4, n5 only/),
    });
  });

  test("what a harmed disk lost before counts, if its member owns up to it", () => {
    const [first, second] = story.commonPast();
    story.write(1, [entry(3, 1)]);
    story.follow(2, 1, [entry(3, 1)], 1);
    story.invariants.damaged(2);
    story.start(2, 1, 1, [first], 3);
    story.step(1, { commitIndex: 3 });
    expect(story.violation).toBeNull();
    story.write(1, [entry(4, 1)]);
    story.follow(3, 1, [], 1);
    story.write(2, [second], null);
    story.step(1, { commitIndex: 4 });
    expect(story.violation?.name).toBe("committed-is-durable-on-a-quorum");
  });
});

describe("state machines", () => {
  test("an entry that is not committed is applied", () => {
    story.lead(1, 1, [entry(1, 1)]);
    story.apply(1, [entry(1, 1)]);
    expect(story.violation).toMatchObject({
      name: "state-machine-safety",
      what: expect.stringMatching(/applies entry 1 of term 1, but committed is up to 0/),
    });
  });

  test("an entry is applied twice", () => {
    const [first] = story.commonPast();
    story.apply(1, [first]);
    story.apply(1, [first]);
    expect(story.violation).toMatchObject({
      name: "applied-in-order",
      what: expect.stringMatching(/applies entry 1 after 1/),
    });
  });

  test("an entry is left out", () => {
    const [, second] = story.commonPast();
    story.apply(1, [second]);
    expect(story.violation?.name).toBe("applied-in-order");
  });

  test("a new life applies from the beginning", () => {
    const [first, second] = story.commonPast();
    story.apply(1, [first, second]);
    story.start(1, 1, 1, [first, second]);
    story.step(1, { commitIndex: 2 });
    story.apply(1, [first, second]);
    expect(story.violation).toBeNull();
  });

  test("an entry is applied before its disk has it", () => {
    const [first, second] = story.commonPast();
    story.persist(3, [entry(3, 1)]);
    expect(story.violation?.name).toBe("leader-append-only");
    story = new Story();
    for (const id of [1, 2, 3]) story.start(id);
    story.lead(1, 1, [first, second]);
    story.follow(2, 1, [first, second]);
    story.persist(3, [first, second], { term: 1, vote: 1 }, { term: 1 });
    story.step(1, { commitIndex: 2 });
    story.step(3, { commitIndex: 2 });
    story.apply(3, [first]);
    expect(story.violation?.name).toBe("applied-is-durable");
  });
});

describe("reads", () => {
  test("a read that misses what was committed when it began", () => {
    story.commonPast();
    story.step(3, {}, [], { type: "read", id: 1 });
    story.step(3, {}, [{ type: "read-ready", id: 1, index: 1 }]);
    expect(story.violation).toMatchObject({
      name: "read-sees-what-was-committed",
      what: expect.stringMatching(/the index 1; 2 was committed when it began/),
    });
  });

  test("a read of what is not committed", () => {
    story.step(3, {}, [], { type: "read", id: 1 });
    story.step(3, {}, [{ type: "read-ready", id: 1, index: 1 }]);
    expect(story.violation?.name).toBe("read-sees-what-was-committed");
  });

  test("an answer to a read that was answered", () => {
    story.step(3, {}, [], { type: "read", id: 1 });
    story.step(3, {}, [{ type: "read-refused", id: 1, reason: "no-leader" }]);
    story.step(3, {}, [{ type: "read-ready", id: 1, index: 0 }]);
    expect(story.violation).toMatchObject({
      name: "read-sees-what-was-committed",
      what: expect.stringMatching(/which is not open/),
    });
  });
});
