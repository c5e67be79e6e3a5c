import { etcdserverpb as pb } from "@gauntlet/proto";
import { expect, test } from "vitest";
import { compareHolds } from "./compare.js";
import { KeySpace } from "./key-space.js";
import { keyOf } from "./keys.js";

/** Counts the keys that its visitors saw. */
class CountingSpace extends KeySpace {
  seen = 0;

  override visit(...[range, revision, visitor]: Parameters<KeySpace["visit"]>): void {
    super.visit(range, revision, (live) => {
      this.seen += 1;
      return visitor(live);
    });
  }
}

test("a compare of a range ends at the first key of which it does not hold", () => {
  const space = new CountingSpace();
  for (let at = 0; at < 1000; at++) {
    space.put(keyOf(Buffer.from(`key-${String(at).padStart(4, "0")}`)), Buffer.from("v"), 2);
  }
  const all = { key: Buffer.from("\0"), range_end: Buffer.from("\0") };
  const holds = (version: number) => {
    space.seen = 0;
    return compareHolds(space, { ...all, target: pb.Compare.CompareTarget.VERSION, version }, 2);
  };
  expect([holds(1), space.seen]).toEqual([true, 1000]);
  expect([holds(2), space.seen]).toEqual([false, 1]);
});
