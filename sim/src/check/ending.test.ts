import type { HistoryEvent } from "@gauntlet/histories";
import { etcdserverpb as pb, gauntletpeer } from "@gauntlet/proto";
import { configurationOf, KvStore } from "@gauntlet/server/inside";
import { describe, expect, test } from "vitest";
import { type Answered, checkEnding, type ReplicaState, stateText } from "./ending.js";
import type { Slot } from "./entry-tree.js";

function put(index: number, key: string, value: string): Slot {
  const request = pb.PutRequest.encode({ key: Buffer.from(key), value: Buffer.from(value) }).finish();
  const data = gauntletpeer.Command.encode({ origin: 1, request_id: index, put: request }).finish();
  const entry = { index, term: 1, kind: "normal", version: 1, timestampMs: 0, data } as const;
  return { index, term: 1, previousTerm: index === 1 ? 0 : 1, entry, creator: "n1", sibling: null };
}

const LOG = [put(1, "a", "1"), put(2, "b", "2"), put(3, "a", "3")];

function told(history: readonly HistoryEvent[], workload = "register"): Answered {
  return { workload, history };
}

const NOTHING = told([]);

function replica(node: string, log: readonly Slot[]): ReplicaState {
  const store = new KvStore();
  for (const { entry } of log) store.applyCommand(entry.data);
  return { node, appliedIndex: log.length, store };
}

function write(revision: number, key: string, value: string, f = "write"): readonly HistoryEvent[] {
  const event = { time: 0, process: 1, f, key, value: f === "cas" ? ["1", value] : value, node: "n1" };
  return [
    { ...event, index: 0, type: "invoke" },
    { ...event, index: 1, type: "ok", revision },
  ];
}

describe("replicas", () => {
  test("that applied as much of one log are equal, others are compared with what was then", () => {
    const replicas = [replica("n1", LOG), replica("n2", LOG.slice(0, 1)), replica("n3", [])];
    expect(checkEnding(LOG, replicas, NOTHING)).toBeNull();
  });

  test.each([
    ["another value", [LOG[0], put(2, "b", "x"), LOG[2]], /b = x .* instead of b = 2/],
    ["another key", [LOG[0], put(2, "c", "2"), LOG[2]], /c = 2 .* instead of b = 2/],
    ["another order", [LOG[2], LOG[1], LOG[0]], /a = 1 .* instead of a = 3/],
  ] as const)("differ by %s", (_, log, what) => {
    const found = checkEnding(LOG, [replica("n1", LOG), replica("n2", log as readonly Slot[])], NOTHING);
    expect(found).toMatchObject({ kind: "divergence", name: "replicas" });
    expect(found?.what).toMatch(what);
    expect(found?.what).toMatch(/^n2 applied the log up to 3/);
  });

  test("differ by a command that was applied twice", () => {
    const twice = { ...replica("n2", [...LOG, ...LOG.slice(2)]), appliedIndex: 3 };
    expect(checkEnding(LOG, [twice], NOTHING)?.what).toMatch(/revision 5 instead of 4/);
  });

  test("differ by a version that was overwritten since", () => {
    const log = [put(1, "a", "x"), ...LOG.slice(1)];
    expect(checkEnding(LOG, [replica("n2", log)], NOTHING)?.what).toMatch(/n2 .* has hash \d+ at revision/);
  });

  test("differ by what they know of members", () => {
    const told = replica("n2", LOG);
    const member = { id: 4, name: "n4", peer_urls: [], client_urls: [] };
    const command = gauntletpeer.Command.encode({ origin: 1, request_id: 9, members: [member] }).finish();
    told.store.applyCommand(command);
    expect(checkEnding(LOG, [told], NOTHING)?.what).toMatch(/the members .*n4/);
  });

  test("applied more than is committed", () => {
    expect(checkEnding(LOG.slice(0, 2), [replica("n2", LOG)], NOTHING)?.what).toMatch(/applied entry 3, but/);
  });
});

describe("states that were written or read back", () => {
  const seen = (log: readonly Slot[], index: number) => {
    const { store } = replica("n1", log);
    const text = stateText(store.meta({ index, term: 1, configuration: configurationOf([1]) }));
    return { node: "n1", what: "checkpoint", index, text };
  };

  test("are what the log gives up to there", () => {
    const states = [seen(LOG, 3), seen([], 0), seen(LOG.slice(0, 2), 2), seen(LOG.slice(0, 2), 2)];
    expect(checkEnding(LOG, [replica("n2", LOG)], NOTHING, states)).toBeNull();
  });

  test.each([
    ["lacks an entry that its index covers", LOG.slice(0, 1)],
    ["has an entry that its index does not cover", LOG],
    ["has an entry twice", [LOG[0], LOG[0]]],
    ["has another value of as many bytes", [LOG[0], put(2, "b", "9")]],
  ] as const)("one %s", (_, log) => {
    const found = checkEnding(LOG, [], NOTHING, [seen(log as readonly Slot[], 2)]);
    expect(found).toMatchObject({ kind: "divergence", name: "states" });
    expect(found?.what).toMatch(/^the checkpoint of n1 at entry 2 is/);
  });
});

describe("acknowledged writes", () => {
  test("are in the log at their revision, overwritten or not", () => {
    expect(checkEnding(LOG, [], told(write(2, "a", "1")))).toBeNull();
    expect(checkEnding(LOG, [], told(write(4, "a", "3", "cas")))).toBeNull();
  });

  test.each([
    ["is of another value", write(2, "a", "7")],
    ["is of another key", write(2, "b", "1")],
    ["is of another revision", write(3, "a", "1")],
    ["is past the log", write(9, "a", "1")],
    ["is of another value of a cas", write(4, "a", "1", "cas")],
    ["is of a cas that found another value", write(2, "a", "1", "cas")],
  ])("that %s is missed", (_, history) => {
    expect(checkEnding(LOG, [], told(history))).toMatchObject({ kind: "check", name: "acknowledged-writes" });
  });
});

test("of another workload only the revisions are compared with the log", () => {
  const answered = (revision: number): Answered => told(write(revision, "s0", "7", "add"), "set");
  expect(checkEnding(LOG, [], answered(4))).toBeNull();
  expect(checkEnding(LOG, [], answered(5))?.what).toMatch(
    /answered with revision 5, but the committed log ends at 4/,
  );
});

describe("answered reads", () => {
  const read = (revision: number, key: string, value: string | null): readonly HistoryEvent[] => {
    const event = { time: 0, process: 1, f: "read", key, node: "n1" };
    return [
      { ...event, index: 0, type: "invoke" },
      { ...event, index: 1, type: "ok", revision, value },
    ];
  };
  const refused = (revision: number, from: string): readonly HistoryEvent[] =>
    write(revision, "a", "9", "cas").map((event) => ({ ...event, value: [from, "9"], succeeded: false }));

  test("are what the log had at their revision", () => {
    const right = [
      read(1, "a", null),
      read(2, "a", "1"),
      read(3, "a", "1"),
      read(4, "a", "3"),
      refused(3, "7"),
    ];
    for (const history of right) expect(checkEnding(LOG, [], told(history))).toBeNull();
  });

  test.each([
    ["is of a later state", read(3, "a", "3")],
    ["is of an earlier state", read(4, "a", "1")],
    ["finds nothing", read(4, "a", null)],
    ["is past the log", read(5, "c", null)],
    ["is of no revision", read(0, "c", null)],
    ["is a cas that should have changed something", refused(3, "1")],
  ])("that %s is told", (_, history) => {
    expect(checkEnding(LOG, [], told(history))).toMatchObject({ kind: "check", name: "answered-reads" });
  });
});
