import { etcdserverpb as pb } from "@gauntlet/proto";
import { rounded } from "./int64.js";
import type { KeySpace, LiveKey } from "./key-space.js";
import { keyRange } from "./keys.js";

const { CompareResult, CompareTarget } = pb.Compare;

/** Whether the compare holds for every key in its range; a range without keys is one missing key. */
export function compareHolds(space: KeySpace, compare: pb.ICompare, revision: number): boolean {
  let found = false;
  let allHold = true;
  space.visit(keyRange(compare.key, compare.range_end), revision, (live) => {
    found = true;
    allHold = holds(compare, live);
    return allHold ? undefined : "enough";
  });
  if (found) return allHold;
  // A missing key has zeros everywhere, but no value of which anything holds.
  return compare.target !== CompareTarget.VALUE && holds(compare, MISSING);
}

type Figures = Pick<LiveKey, "version" | "createRevision" | "modRevision" | "value">;

const MISSING: Figures = { version: 0, createRevision: 0, modRevision: 0, value: new Uint8Array(0) };

/** Below, at or above 0 as the key's figure is below, at or above the wanted one. */
function sign(compare: pb.ICompare, key: Figures): number {
  switch (compare.target ?? CompareTarget.VERSION) {
    case CompareTarget.VERSION:
      return key.version - rounded(compare.version);
    case CompareTarget.CREATE:
      return key.createRevision - rounded(compare.create_revision);
    case CompareTarget.MOD:
      return key.modRevision - rounded(compare.mod_revision);
    case CompareTarget.LEASE:
      // No key has a lease yet.
      return 0 - rounded(compare.lease);
    case CompareTarget.VALUE:
      return Buffer.compare(key.value, compare.value ?? MISSING.value);
    default:
      // A target of a later protocol: etcd takes it for equal.
      return 0;
  }
}

function holds(compare: pb.ICompare, key: Figures): boolean {
  const order = sign(compare, key);
  switch (compare.result ?? CompareResult.EQUAL) {
    case CompareResult.EQUAL:
      return order === 0;
    case CompareResult.NOT_EQUAL:
      return order !== 0;
    case CompareResult.GREATER:
      return order > 0;
    case CompareResult.LESS:
      return order < 0;
    default:
      // A result of a later protocol: etcd takes it for true.
      return true;
  }
}
