import { etcdserverpb as pb } from "@gauntlet/proto";
import Long from "long";
import { beforeEach, describe, expect, it } from "vitest";
import { KvStore } from "./index.js";
import type { Result } from "./result.js";
import { UNBOUNDED, bytes, compare, del, op, plain, put, range } from "./test-requests.js";

const { SortOrder, SortTarget } = pb.RangeRequest;

let store: KvStore;

beforeEach(() => {
  store = new KvStore();
});

/** The response as its reader sees it; fails the test on an error. */
function ok<Response extends object>(result: Result<Response>) {
  expect(result.type).toBe("ok");
  return plain(result.type === "ok" ? result.response : null) as Record<string, unknown>;
}

function keysOf(result: Result<pb.IRangeResponse>): string[] {
  return ((ok(result).kvs ?? []) as { key: string }[]).map(({ key }) => key);
}

function putAll(...pairs: readonly string[]): void {
  for (const pair of pairs) ok(store.put(put(pair.slice(0, 1), pair.slice(1))));
}

describe("revisions", () => {
  it("begin at 1, and the first write makes 2", () => {
    expect(store.revision).toBe(1);
    expect(ok(store.put(put("a", "1")))).toEqual({ header: { revision: 2 } });
    expect(store.revision).toBe(2);
  });

  it("advance by one for a put, a delete of any number of keys, and a txn of any number of changes", () => {
    putAll("a1", "b1", "c1");
    expect(store.revision).toBe(4);
    expect(ok(store.deleteRange(del("a", "c")))).toEqual({ header: { revision: 5 }, deleted: 2 });
    expect(ok(store.txn({ success: [op.put("x", "1"), op.put("y", "1"), op.del("c")] })).header).toEqual({
      revision: 6,
    });
    expect(store.revision).toBe(6);
  });

  it("stay for what changes nothing", () => {
    putAll("a1");
    expect(ok(store.deleteRange(del("b")))).toEqual({ header: { revision: 2 } });
    expect(ok(store.txn({}))).toEqual({ header: { revision: 2 }, succeeded: true });
    expect(ok(store.txn({ success: [op.del("b"), op.range("a")] })).header).toEqual({ revision: 2 });
    ok(store.range(range("a")));
    expect(store.revision).toBe(2);
  });

  it("of a key: creation, last change and version start over when it is deleted and put again", () => {
    putAll("a1", "a2", "a3");
    expect(ok(store.range(range("a"))).kvs).toEqual([
      { key: "a", create_revision: 2, mod_revision: 4, version: 3, value: "3" },
    ]);
    ok(store.deleteRange(del("a")));
    putAll("a4");
    expect(ok(store.range(range("a"))).kvs).toEqual([
      { key: "a", create_revision: 6, mod_revision: 6, version: 1, value: "4" },
    ]);
  });
});

describe("range", () => {
  beforeEach(() => {
    putAll("c3", "a1", "b2", "a0");
    ok(store.put(put("\xff", "end")));
  });

  it.each([
    ["one key", "b", "", ["b"]],
    ["a missing key", "bb", "", []],
    ["a half-open interval", "a", "c", ["a", "b"]],
    ["an interval between keys", "aa", "cc", ["b", "c"]],
    ["an interval that is upside down", "c", "a", []],
    ["an interval that is empty", "b", "b", []],
    ["everything from a key on", "b", UNBOUNDED, ["b", "c", "\xff"]],
    ["everything from behind the last key on", "\xff\xff", UNBOUNDED, []],
    ["everything", "\0", UNBOUNDED, ["a", "b", "c", "\xff"]],
  ])("of %s", (_what, key, end, expected) => {
    expect(keysOf(store.range(range(key, end)))).toEqual(expected);
    expect(ok(store.range(range(key, end))).count ?? 0).toBe(expected.length);
  });

  it("of an empty store", () => {
    expect(ok(new KvStore().range(range("\0", UNBOUNDED)))).toEqual({ header: { revision: 1 } });
  });

  it("at an old revision shows that revision, under the header of the newest", () => {
    ok(store.deleteRange(del("a")));
    expect(ok(store.range(range("a", "", { revision: 3 })))).toEqual({
      header: { revision: 7 },
      kvs: [{ key: "a", create_revision: 3, mod_revision: 3, version: 1, value: "1" }],
      count: 1,
    });
    expect(keysOf(store.range(range("\0", UNBOUNDED, { revision: 2 })))).toEqual(["c"]);
    expect(keysOf(store.range(range("\0", UNBOUNDED, { revision: 1 })))).toEqual([]);
  });

  it("at revision 0 and below is the newest", () => {
    for (const revision of [0, -1, Long.fromString("-9223372036854775808")]) {
      expect(keysOf(store.range(range("a", "", { revision })))).toEqual(["a"]);
    }
  });

  it.each([7, 2 ** 53, Long.MAX_VALUE])("at revision %s is refused: it is still to come", (revision) => {
    expect(store.range(range("a", "", { revision }))).toEqual({ type: "error", error: "FutureRev" });
  });

  it("with a limit says whether there is more, and counts everything", () => {
    const limited = ok(store.range(range("\0", UNBOUNDED, { limit: 2 })));
    expect(limited).toMatchObject({ more: true, count: 4, kvs: [{ key: "a" }, { key: "b" }] });
    expect(ok(store.range(range("\0", UNBOUNDED, { limit: 4 }))).more).toBeUndefined();
    for (const limit of [0, -3])
      expect(keysOf(store.range(range("\0", UNBOUNDED, { limit })))).toHaveLength(4);
  });

  it("with count_only has no keys and no more", () => {
    const counted = ok(store.range(range("\0", UNBOUNDED, { count_only: true, limit: 1 })));
    expect(counted).toEqual({ header: { revision: 6 }, count: 4 });
  });

  it("with keys_only has no values, and does not take them from the store", () => {
    expect(ok(store.range(range("b", "", { keys_only: true }))).kvs).toEqual([
      { key: "b", create_revision: 4, mod_revision: 4, version: 1 },
    ]);
    expect(ok(store.range(range("b"))).kvs).toMatchObject([{ value: "2" }]);
  });

  it.each([
    ["min_mod_revision", 5, ["a", "\xff"]],
    ["max_mod_revision", 4, ["b", "c"]],
    ["min_create_revision", 4, ["b", "\xff"]],
    ["max_create_revision", 3, ["a", "c"]],
  ])("filters by %s, inclusively, and counts what it filtered too", (bound, revision, expected) => {
    const filtered = store.range(range("\0", UNBOUNDED, { [bound]: revision }));
    expect(keysOf(filtered)).toEqual(expected);
    expect(ok(filtered).count).toBe(4);
  });

  it("looks for filtered keys behind the limit", () => {
    const filtered = store.range(range("\0", UNBOUNDED, { min_mod_revision: 5, limit: 1 }));
    expect(ok(filtered)).toMatchObject({ kvs: [{ key: "a" }], more: true });
    expect(keysOf(store.range(range("\0", UNBOUNDED, { max_mod_revision: 2, limit: 1 })))).toEqual(["c"]);
  });

  it("sorts all of what a filter left before the limit, with order NONE too", () => {
    const filtered = range("\0", UNBOUNDED, { max_mod_revision: 5, sort_target: SortTarget.MOD, limit: 1 });
    expect(keysOf(store.range(filtered))).toEqual(["c"]);
  });

  // By key: a (created 3, modified 5, version 2, value 0), b (4, 4, 1, 2), c (2, 2, 1, 3), \xff (6, 6, 1, end).
  it.each([
    ["KEY", "ASCEND", ["a", "b", "c", "\xff"]],
    ["KEY", "DESCEND", ["\xff", "c", "b", "a"]],
    ["VERSION", "ASCEND", ["b", "c", "\xff", "a"]],
    ["VERSION", "DESCEND", ["a", "b", "c", "\xff"]],
    ["CREATE", "ASCEND", ["c", "a", "b", "\xff"]],
    ["CREATE", "DESCEND", ["\xff", "b", "a", "c"]],
    ["MOD", "ASCEND", ["c", "b", "a", "\xff"]],
    ["MOD", "DESCEND", ["\xff", "a", "b", "c"]],
    ["VALUE", "ASCEND", ["a", "b", "c", "\xff"]],
    ["VALUE", "DESCEND", ["\xff", "c", "b", "a"]],
    ["MOD", "NONE", ["c", "b", "a", "\xff"]],
  ] as const)("sorts by %s, %s", (target, order, expected) => {
    const sorted = range("\0", UNBOUNDED, { sort_target: SortTarget[target], sort_order: SortOrder[order] });
    expect(keysOf(store.range(sorted))).toEqual(expected);
    // Sorted first, cut to the limit then; with order NONE cut first, one key late, and sorted then.
    const first = order === "NONE" ? ["b"] : expected.slice(0, 1);
    expect(keysOf(store.range({ ...sorted, limit: 1 }))).toEqual(first);
  });
});

describe("put", () => {
  it("gives the previous pair when asked, and nothing where there was none", () => {
    expect(ok(store.put(put("a", "1", { prev_kv: true })))).toEqual({ header: { revision: 2 } });
    expect(ok(store.put(put("a", "2", { prev_kv: true })))).toEqual({
      header: { revision: 3 },
      prev_kv: { key: "a", create_revision: 2, mod_revision: 2, version: 1, value: "1" },
    });
    expect(ok(store.put(put("a", "3")))).toEqual({ header: { revision: 4 } });
  });

  it("with ignore_value keeps the value and changes the rest", () => {
    putAll("a1");
    ok(store.put({ key: bytes("a"), ignore_value: true }));
    expect(ok(store.range(range("a"))).kvs).toMatchObject([{ mod_revision: 3, version: 2, value: "1" }]);
  });

  it.each([{ ignore_value: true }, { ignore_lease: true }])("with %j needs the key to be there", (flags) => {
    expect(store.put({ key: bytes("a"), ...flags })).toEqual({ type: "error", error: "KeyNotFound" });
    putAll("a1");
    ok(store.deleteRange(del("a")));
    expect(store.put({ key: bytes("a"), ...flags })).toEqual({ type: "error", error: "KeyNotFound" });
    expect(store.revision).toBe(3);
  });

  it("with a lease is refused: there is none", () => {
    expect(store.put(put("a", "1", { lease: Long.MAX_VALUE }))).toEqual({
      type: "error",
      error: "LeaseNotFound",
    });
    expect(store.revision).toBe(1);
  });

  it("takes an empty value, and any bytes as a key", () => {
    ok(store.put(put("\0\xfe\x80", "")));
    expect(ok(store.range(range("\0\xfe\x80"))).kvs).toMatchObject([{ key: "\0\xfe\x80", version: 1 }]);
  });

  it("keeps its own copy of the value", () => {
    const request = put("a", "1");
    ok(store.put(request));
    request.value?.fill(0x78);
    request.key?.fill(0x78);
    expect(ok(store.range(range("a"))).kvs).toMatchObject([{ key: "a", value: "1" }]);
  });
});

describe("delete", () => {
  it("gives the deleted pairs in order when asked", () => {
    putAll("b2", "a1");
    expect(ok(store.deleteRange(del("a", UNBOUNDED, { prev_kv: true })))).toMatchObject({
      deleted: 2,
      prev_kvs: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
    });
    expect(store.sizes()).toMatchObject({ keys: 0, versions: 4 });
  });
});

describe("a compare", () => {
  beforeEach(() => putAll("a1", "a2", "b2"));

  // a: created 2, modified 3, version 2, value 2; b: created and modified 4, version 1, value 2.
  it.each([
    ["a", "VERSION", "EQUAL", 2, true],
    ["a", "VERSION", "GREATER", 1, true],
    ["a", "VERSION", "LESS", 2, false],
    ["a", "CREATE", "NOT_EQUAL", 2, false],
    ["a", "MOD", "EQUAL", 3, true],
    ["a", "VALUE", "EQUAL", "2", true],
    ["a", "VALUE", "GREATER", "1", true],
    ["a", "VALUE", "LESS", "10", false],
    ["a", "VALUE", "NOT_EQUAL", "", true],
    ["a", "LEASE", "EQUAL", 0, true],
    ["a", "LEASE", "LESS", 1, true],
    ["x", "VERSION", "EQUAL", 0, true],
    ["x", "CREATE", "GREATER", 0, false],
    ["x", "MOD", "LESS", 1, true],
    ["x", "VALUE", "EQUAL", "", false],
    ["x", "VALUE", "NOT_EQUAL", "1", false],
    ["x", "VALUE", "LESS", "1", false],
  ] as const)("of %s: %s %s %s is %s", (key, what, result, wanted, expected) => {
    expect(ok(store.txn({ compare: [compare(key, what, result, wanted)] })).succeeded ?? false).toBe(
      expected,
    );
  });

  it.each([
    ["every key of a range", compare("a", "VALUE", "EQUAL", "2", UNBOUNDED), true],
    ["every key, not only one", compare("a", "VERSION", "EQUAL", 2, UNBOUNDED), false],
    ["a range without keys as one missing key", compare("x", "VERSION", "EQUAL", 0, "z"), true],
    ["the value in a range without keys never", compare("x", "VALUE", "NOT_EQUAL", "1", "z"), false],
  ])("takes %s", (_what, one, expected) => {
    expect(ok(store.txn({ compare: [one] })).succeeded ?? false).toBe(expected);
  });

  it.each(["EQUAL", "GREATER"] as const)("%s stands a figure that no revision will reach", (result) => {
    const far = { ...compare("a", "MOD", result, 0), mod_revision: Long.MAX_VALUE };
    expect(ok(store.txn({ compare: [far] })).succeeded ?? false).toBe(false);
  });

  it("must hold together with all others", () => {
    const [yes, no] = [compare("a", "VERSION", "EQUAL", 2), compare("b", "VERSION", "EQUAL", 2)];
    expect(ok(store.txn({ compare: [yes, no] })).succeeded ?? false).toBe(false);
    expect(ok(store.txn({ compare: [yes, yes] })).succeeded).toBe(true);
  });
});

describe("a txn", () => {
  it("runs one branch, and answers each of its operations in order", () => {
    putAll("a1");
    const request = {
      compare: [compare("a", "VALUE", "EQUAL", "1")],
      success: [
        op.put("b", "2"),
        op.range("a", UNBOUNDED),
        op.del("a", "", { prev_kv: true }),
        op.range("a"),
      ],
      failure: [op.put("c", "3")],
    };
    expect(ok(store.txn(request))).toEqual({
      header: { revision: 3 },
      succeeded: true,
      responses: [
        { response_put: { header: { revision: 3 } } },
        {
          response_range: {
            header: { revision: 3 },
            kvs: [
              { key: "a", create_revision: 2, mod_revision: 2, version: 1, value: "1" },
              { key: "b", create_revision: 3, mod_revision: 3, version: 1, value: "2" },
            ],
            count: 2,
          },
        },
        {
          response_delete_range: {
            header: { revision: 3 },
            deleted: 1,
            prev_kvs: [{ key: "a", create_revision: 2, mod_revision: 2, version: 1, value: "1" }],
          },
        },
        { response_range: { header: { revision: 3 } } },
      ],
    });
    expect(ok(store.txn(request))).toEqual({
      header: { revision: 4 },
      responses: [{ response_put: { header: { revision: 4 } } }],
    });
  });

  it("shows in its headers the revision as it was when the operation ran", () => {
    putAll("a1");
    const answered = ok(store.txn({ success: [op.range("a"), op.del("x"), op.put("b", "1"), op.del("x")] }));
    expect(answered.responses).toMatchObject([
      { response_range: { header: { revision: 2 } } },
      { response_delete_range: { header: { revision: 2 } } },
      { response_put: { header: { revision: 3 } } },
      { response_delete_range: { header: { revision: 3 } } },
    ]);
  });

  it("takes the decisions of nested txns on the state before its first operation", () => {
    const nested = op.txn({
      compare: [compare("a", "VERSION", "EQUAL", 0)],
      success: [op.put("absent", "yes")],
      failure: [op.put("present", "yes")],
    });
    expect(ok(store.txn({ success: [op.put("a", "1"), nested] }))).toEqual({
      header: { revision: 2 },
      succeeded: true,
      responses: [
        { response_put: { header: { revision: 2 } } },
        // The header of a nested txn is there, and empty.
        {
          response_txn: {
            header: {},
            succeeded: true,
            responses: [{ response_put: { header: { revision: 2 } } }],
          },
        },
      ],
    });
    expect(keysOf(store.range(range("\0", UNBOUNDED)))).toEqual(["a", "absent"]);
  });

  it("changes nothing at all when a put of the branch it takes lacks its key", () => {
    putAll("a1");
    const before = store.hash();
    const failing = op.txn({ success: [{ request_put: { key: bytes("x"), ignore_value: true } }] });
    const result = store.txn({ success: [op.put("b", "1"), op.del("a"), failing] });
    expect(result).toEqual({ type: "error", error: "KeyNotFound" });
    expect([store.hash(), store.revision]).toEqual([before, 2]);
    expect(ok(store.txn({ success: [op.put("b", "1")], failure: [failing] })).header).toEqual({
      revision: 3,
    });
  });

  it("cannot read the revision that it is about to make", () => {
    putAll("a1");
    const result = store.txn({ success: [op.put("b", "1"), op.range("b", "", { revision: 3 })] });
    expect(result).toEqual({ type: "error", error: "FutureRev" });
    expect(store.revision).toBe(2);
    expect(
      ok(store.txn({ success: [op.put("a", "2"), op.range("a", "", { revision: 2 })] })).responses,
    ).toMatchObject([{}, { response_range: { header: { revision: 3 }, kvs: [{ value: "1" }] } }]);
  });
});

it("stops at a committed entry that holds no command", () => {
  for (const data of ["", "\xff\xff", "\x08\x01", "\x1a\x02\xff\xff"]) {
    expect(() => store.applyCommand(bytes(data))).toThrow(/holds no command/);
  }
  expect(store.revision).toBe(1);
});
