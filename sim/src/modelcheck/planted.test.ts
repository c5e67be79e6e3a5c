import { describe, expect, test } from "vitest";
import { RaftCore } from "@gauntlet/server/inside";
import type { Effect, Entry, Event, HardState } from "@gauntlet/server/inside";
import type { Bound } from "./bound.js";
import { BASE } from "./bounds.js";
import { checkBound } from "./run.js";

/** What the planted bugs reach into. */
interface Insides {
  readonly role: string;
  readonly member: {
    hardState: HardState;
    restoredTerm: number;
    readonly log: {
      entries: Entry[];
      committedTo: number;
      durableTo: number;
      unstagedFrom: number;
    };
    readonly outbox: { hardStateSequence: number };
  };
}

/** A core that does something wrong before it takes an event, or takes another one instead. */
function plant(wrong: (core: Insides, event: Event) => Event | undefined | void): typeof RaftCore {
  return class extends RaftCore {
    override step(event: Event, now: Parameters<RaftCore["step"]>[1]): readonly Effect[] {
      return super.step(wrong(this as unknown as Insides, event) ?? event, now);
    }
  };
}

function find(Core: typeof RaftCore, fields: Partial<Bound>, states = 20_000) {
  const bound: Bound = { ...BASE, name: "test", what: "", ...fields };
  const found = checkBound(bound, { states, seconds: Number.POSITIVE_INFINITY }, () => 0, Core);
  const { broken } = found.result;
  return { broken: broken?.name, steps: found.story?.steps.length, text: found.story?.text ?? "" };
}

function isVoteRequest(event: Event): boolean {
  return event.type === "receive" && event.message.type === "vote-request";
}

test("the core as it is breaks nothing within the same bounds", () => {
  for (const fields of [{}, { disks: "asynchronous" }, { crashes: 1 }, { losses: 1 }] as const) {
    expect(find(RaftCore, { terms: 1, ...fields })).toEqual({
      broken: undefined,
      steps: undefined,
      text: "",
    });
  }
});

describe("a planted bug is found, by a shortest story", () => {
  test("two votes in a term", () => {
    const Core = plant(({ role, member }, event) => {
      if (isVoteRequest(event) && role === "follower") member.hardState = { ...member.hardState, vote: null };
    });
    const { broken, steps, text } = find(Core, { terms: 1 });
    // Two campaign, a third votes for both, both hear of it.
    expect({ broken, steps }).toEqual({ broken: "election safety", steps: 6 });
    expect(text).toContain("n1 campaigns: it is in term 1 now");
    expect(text).toMatch(/Broken: election safety\. n\d and n\d both led term 1/);
  });

  test("a candidate votes for another, too: the core stops itself", () => {
    const Core = plant(({ member }, event) => {
      if (isVoteRequest(event)) member.hardState = { ...member.hardState, vote: null };
    });
    const { broken, steps } = find(Core, { terms: 1 });
    expect({ broken, steps }).toEqual({ broken: "the core's own assertion", steps: 5 });
  });

  test("votes that are not on disk when they leave", () => {
    const Core = plant(({ member }) => {
      member.outbox.hardStateSequence = 0;
    });
    const { broken, steps } = find(Core, { terms: 1, disks: "asynchronous" });
    expect({ broken, steps }).toEqual({ broken: "durable before sent", steps: 4 });
  });

  test("acknowledged before it is on disk", () => {
    const Core = plant(({ member: { log } }, { type }) => {
      if (type !== "persisted") log.durableTo = log.entries.length;
    });
    const { broken, steps, text } = find(Core, { terms: 1, disks: "asynchronous" });
    expect({ broken, steps }).toEqual({ broken: "durable before sent", steps: 7 });
    expect(text).toContain("acknowledges entry 1, but its disk ends at 0");
  });

  test("a leader commits what it alone has", () => {
    const Core = plant(({ role, member: { log } }) => {
      if (role === "leader") log.committedTo = log.entries.length;
    });
    const { broken, steps } = find(Core, { terms: 1 });
    expect({ broken, steps }).toEqual({ broken: "committed is durable", steps: 3 });
  });

  test("votes for whoever asks, however old its log", () => {
    const Core = plant((_, event) => {
      if (event.type !== "receive" || event.message.type !== "vote-request") return event;
      return { ...event, message: { ...event.message, lastIndex: 99, lastTerm: 99 } };
    });
    const { broken, steps } = find(Core, { terms: 2 });
    expect({ broken, steps }).toEqual({ broken: "leader completeness", steps: 8 });
  });

  test("an append cuts off what a longer one brought", () => {
    const Core = plant(({ member: { log } }, event) => {
      if (event.type !== "receive" || event.message.type !== "append") return;
      const { prevIndex } = event.message;
      log.entries = log.entries.slice(0, prevIndex);
      log.committedTo = Math.min(log.committedTo, prevIndex);
      log.durableTo = Math.min(log.durableTo, prevIndex);
      log.unstagedFrom = Math.min(log.unstagedFrom, log.entries.length + 1);
    });
    const { broken, steps } = find(Core, { terms: 1 });
    expect({ broken, steps }).toEqual({ broken: "the core's own assertion", steps: 5 });
  });

  test("a member that lost entries votes all the same", () => {
    const Core = plant(({ member }) => {
      const { term, vote } = member.hardState;
      member.hardState = { term, vote };
    });
    const { broken, text } = find(Core, { terms: 1, losses: 1 });
    expect(broken).toBe("whole before it votes");
    expect(text).toContain("its disk keeps 0 of its entries");
  });

  test("an entry of the term in which entries were lost is taken for a proof that none are", () => {
    const Core = plant(({ member }) => {
      member.restoredTerm = Math.min(member.restoredTerm, member.hardState.term - 1);
    });
    const { broken } = find(Core, { terms: 2, entries: 1, losses: 1 }, 400_000);
    expect(broken).toBe("committed is durable");
  }, 120_000);
});
