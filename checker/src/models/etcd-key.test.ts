import { describe, expect, test } from "vitest";
import { etcdKey, type EtcdKeyCompare, type EtcdKeyInput, type EtcdKeyOutput } from "./etcd-key.js";
import { builtInModel } from "./index.js";

const model = etcdKey();

/** The states after these, one after the other; an operation without an answer took effect or did nothing at all. */
function after(...operations: readonly (readonly [EtcdKeyInput, EtcdKeyOutput?])[]): string[] {
  let states = [model.init()];
  for (const [input, output] of operations) {
    expect(model.problem?.(input, output)).toBeUndefined();
    states = states.flatMap((state) => model.step(state, input, output));
  }
  return [...new Set(states.map((state) => model.describeState(state)))];
}

const put = (value: string): EtcdKeyInput => ({ f: "put", value });
const get: EtcdKeyInput = { f: "get" };
const remove: EtcdKeyInput = { f: "delete" };

function txn(...compare: readonly EtcdKeyCompare[]): EtcdKeyInput {
  // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
  return { f: "txn", compare, then: [{ f: "put", value: "yes" }, get as { f: "get" }], else: [] };
}

describe("versions and revisions", () => {
  test("a put counts the version up and keeps the create revision", () => {
    expect(after([put("a"), { revision: 5 }], [put("b"), { revision: 8 }])).toEqual([
      '"b", version 2, create revision 5, mod revision 8',
    ]);
  });

  test("both begin again after a deletion", () => {
    const first = [put("a"), { revision: 5 }] as const;
    const gone = [remove, { deleted: 1, revision: 6 }] as const;
    expect(after(first, gone)).toEqual(["absent (deleted in revision 6 or later)"]);
    expect(after(first, gone, [put("b"), { revision: 9 }])).toEqual([
      '"b", version 1, create revision 9, mod revision 9',
    ]);
    expect(after(first, gone, [put("b"), { revision: 6 }])).toEqual([]);
  });

  test("a deletion of what is not there changes nothing, and its header tells the store's revision", () => {
    expect(after([remove, { deleted: 0, revision: 7 }], [put("a"), { revision: 2 }])).toHaveLength(1);
    expect(after([put("a"), { revision: 5 }], [remove, { deleted: 0 }])).toEqual([]);
  });

  test("a get cannot come from a store older than what it shows", () => {
    const a = [put("a"), { revision: 5 }] as const;
    expect(after(a, [get, { value: "a", modRevision: 5, version: 1, revision: 9 }])).toHaveLength(1);
    expect(after(a, [get, { value: "a", revision: 4 }])).toEqual([]);
    expect(after(a, [get, { value: "a", createRevision: 4 }])).toEqual([]);
  });

  test("prevKv is what was there before", () => {
    const a = [put("a"), { revision: 5, prevKv: null }] as const;
    expect(after(a, [put("b"), { prevKv: { value: "a", modRevision: 5 } }])).toHaveLength(1);
    expect(after(a, [put("b"), { prevKv: null }])).toEqual([]);
    expect(after(a, [remove, { prevKv: { version: 2 } }])).toEqual([]);
  });
});

describe("revisions that nobody told", () => {
  const a = [put("a"), { revision: 5 }] as const;

  test("are later than what came before, until an answer shows them", () => {
    expect(after(a, [put("b")])).toEqual(['"b", version 2, create revision 5, mod revision 6 or later']);
    expect(after(a, [put("b")], [get, { revision: 8 }])).toEqual([
      '"b", version 2, create revision 5, mod revision 6 to 8',
    ]);
    const shown = [get, { value: "b", modRevision: 7 }] as const;
    expect(after(a, [put("b")], shown, shown)).toHaveLength(1);
    expect(after(a, [put("b")], shown, [get, { value: "b", modRevision: 8 }])).toEqual([]);
  });

  test("leave room for every put in between", () => {
    expect(after([put("a")], [put("b")], [put("c"), { revision: 4 }])).toEqual([
      '"c", version 3, create revision 2, mod revision 4',
    ]);
    expect(after([put("a")], [put("b")], [put("c"), { revision: 3 }])).toEqual([]);
  });

  test("are split by a compare", () => {
    const compare = { target: "mod", result: "=", value: 7 } as const;
    expect(after(a, [put("b")], [txn(compare), { succeeded: true, revision: 7 }])).toEqual([]);
    expect(after(a, [put("b")], [txn(compare), { succeeded: false }])).toEqual([
      '"b", version 2, create revision 5, mod revision 6',
      '"b", version 2, create revision 5, mod revision 8 or later',
    ]);
  });
});

describe("transactions", () => {
  test("a missing key compares as 0, but no compare of its value holds", () => {
    const holds = (compare: EtcdKeyCompare): boolean => after([txn(compare), { succeeded: true }]).length > 0;
    expect(holds({ target: "version", result: "=", value: 0 })).toBe(true);
    expect(holds({ target: "create", result: "=", value: 0 })).toBe(true);
    expect(holds({ target: "mod", result: "<", value: 1 })).toBe(true);
    expect(holds({ target: "value", result: "=", value: "a" })).toBe(false);
    expect(holds({ target: "value", result: "!=", value: "a" })).toBe(false);
  });

  test("values are ordered by their bytes", () => {
    const beyond = "\u{1F600}";
    const succeeds = (value: string): boolean =>
      after([put(beyond), {}], [txn({ target: "value", result: ">", value }), { succeeded: true }]).length >
      0;
    expect(succeeds("\uFFFD")).toBe(true);
    expect(succeeds("\u{1F601}")).toBe(false);
  });

  test("what comes later in one sees what came before, in the same revision", () => {
    const responses = [{}, { value: "yes", version: 1, createRevision: 3, modRevision: 3 }];
    expect(after([txn(), { succeeded: true, revision: 3, responses }])).toHaveLength(1);
    expect(after([txn(), { succeeded: true, revision: 4, responses }])).toEqual([]);
    expect(after([txn(), { succeeded: false }])).toEqual([]);
  });

  test("one that never returned did the one or the other", () => {
    expect(after([txn({ target: "version", result: ">", value: 0 })])).toEqual(["absent"]);
    expect(after([put("a")], [txn({ target: "mod", result: ">", value: 4 })])).toEqual([
      '"yes", version 2, create revision 5 or later, mod revision 6 or later',
      '"a", version 1, create revision 2 to 4, mod revision 2 to 4',
    ]);
  });
});

test("names the version that was made or seen, where that is certain", () => {
  const named = (input: EtcdKeyInput, output: EtcdKeyOutput): number | undefined =>
    model.version?.(input, output);
  expect(named(put("a"), { revision: 4 })).toBe(4);
  expect(named(put("a"), {})).toBeUndefined();
  expect(named(remove, { revision: 4, deleted: 1 })).toBe(4);
  expect(named(remove, { revision: 4, deleted: 0 })).toBeUndefined();
  expect(named(remove, { revision: 4 })).toBeUndefined();
  expect(named(get, { revision: 4, modRevision: 3 })).toBe(3);
  expect(named(get, { revision: 4, value: null })).toBeUndefined();
  expect(named(txn(), { revision: 4, succeeded: true })).toBe(4);
  expect(named(txn(), { revision: 4, succeeded: false })).toBeUndefined();
});

test.each([
  [{ f: "swap" }, {}, 'unknown operation "swap"; known: get, put, delete, txn'],
  [{ f: "put" }, {}, "a put needs a value, a string or a number"],
  [{ f: "get" }, { modRevision: -1 }, "version and revisions must be integers that are not negative"],
  [{ f: "get" }, { succeeded: true }, "the answer of a get has neither succeeded nor responses"],
  [{ f: "get" }, null, "an answer must be an object, {} if it says nothing"],
  [{ f: "put", value: 1 }, { value: 1 }, "the answer of a put shows the key only as prevKv"],
  [{ f: "delete" }, { deleted: 2 }, "deleted must be 0 or 1: it is one key"],
  [{ f: "txn", compare: [] }, {}, 'a txn needs a list "then", which may be empty'],
])("refuses %j answered by %j", (input, output, problem) => {
  expect(model.problem?.(input as EtcdKeyInput, output as EtcdKeyOutput)).toBe(problem);
});

test("refuses what etcd refuses: two changes of a key in one branch", () => {
  const twice = [put("a"), put("b")] as { f: "put"; value: string }[];
  // oxlint-disable-next-line unicorn/no-thenable -- a list, which nobody can call
  const input: EtcdKeyInput = { f: "txn", compare: [], then: twice, else: [] };
  expect(model.problem?.(input, undefined)).toMatch(/duplicate key/);
});

test("is found by its name", () => {
  expect(builtInModel("etcd-key").spec).toEqual(model.spec);
});
