import { describe, expect, test } from "vitest";
import { RaftCore } from "@gauntlet/server/inside";
import type { Entry, HardState, Message } from "@gauntlet/server/inside";
import type { Bound } from "./bound.js";
import { BASE } from "./bounds.js";
import { checkBound } from "./run.js";

/** What the planted bugs reach into. */
interface Insides {
  role: string;
  readonly member: {
    hardState: HardState;
    readonly term: number;
    readonly log: {
      entries: Entry[];
      readonly commitIndex: number;
      durableTo: number;
      committedTo: number;
      replaceFrom: (entries: readonly Entry[]) => void;
    };
    readonly outbox: { hardStateSequence: number; persistedSequence: number };
  };
}

function insidesOf(core: RaftCore): Insides {
  return core as unknown as Insides;
}

/** A core that does something wrong before each event that it takes. */
function plant(wrong: (core: Insides, message: Message | null, persisted: boolean) => void): typeof RaftCore {
  return class extends RaftCore {
    override step(...[event, now]: Parameters<RaftCore["step"]>) {
      wrong(insidesOf(this), event.type === "receive" ? event.message : null, event.type === "persisted");
      return super.step(event, now);
    }
  };
}

function find(Core: typeof RaftCore, fields: Partial<Bound>) {
  const bound: Bound = { ...BASE, name: "test", what: "", ...fields };
  const found = checkBound(bound, { states: 1e6, seconds: Number.POSITIVE_INFINITY }, () => 0, Core);
  return { broken: found.result.broken?.name, steps: found.story?.steps.length, text: found.story?.text ?? "" };
}

describe("a planted bug is found, by a shortest story", () => {
  test("two votes in a term", () => {
    const Core = plant(({ member }, message) => {
      if (message?.type === "vote-request") member.hardState = { ...member.hardState, vote: null };
    });
    const found = find(Core, { terms: 1 });
    expect(found).toMatchObject({ broken: "x", steps: 7 });
  });

  test("a vote that is not on disk", () => {
    const Core = plant(({ member }) => {
      member.outbox.hardStateSequence = 0;
    });
    expect(find(Core, { terms: 1, disks: "asynchronous" })).toMatchObject({ broken: "durable before sent", steps: 1 });
  });

  test("an acknowledgement of what is not on disk", () => {
    const Core = plant(({ member: { log } }, _, persisted) => {
      if (!persisted) log.durableTo = log.entries.length;
    });
    expect(find(Core, { terms: 1, disks: "asynchronous" })).toMatchObject({ broken: "x", steps: 1 });
  });

  test("an append that cuts off what a later one brought", () => {
    const Core = plant(({ member: { log } }, message) => {
      if (message?.type === "append") log.entries.length = Math.min(log.entries.length, message.prevIndex);
    });
    expect(find(Core, { terms: 1 })).toMatchObject({ broken: "x", steps: 1 });
  });

  test("a commit index taken past what was verified", () => {
    const Core = plant(({ member: { log } }, message) => {
      if (message?.type === "append") log.committedTo = Math.min(message.commit, log.entries.length);
    });
    expect(find(Core, { terms: 2 })).toMatchObject({ broken: "x", steps: 1 });
  });
});
