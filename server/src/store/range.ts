import { etcdserverpb as pb } from "@gauntlet/proto";
import type { ErrorName } from "../errors.js";
import { rounded } from "./int64.js";
import type { KeySpace, LiveKey } from "./key-space.js";
import { keyRange } from "./keys.js";

const { SortOrder, SortTarget } = pb.RangeRequest;

/** `current` is the newest revision that the reader may see. null: nothing stands against it. */
export function checkRevision(request: pb.IRangeRequest, current: number): ErrorName | null {
  return rounded(request.revision) > current ? "FutureRev" : null;
}

/** Answers a range whose revision was checked. The header has `current`, whatever revision was asked for. */
export function evaluateRange(
  space: KeySpace,
  request: pb.IRangeRequest,
  current: number,
): pb.IRangeResponse {
  const asked = rounded(request.revision);
  const limit = Math.max(0, rounded(request.limit));
  const accepts = revisionFilter(request);
  const fetched = fetchLimit(request, limit, accepts !== null);
  let found: LiveKey[] = [];
  let count = 0;
  space.visit(keyRange(request.key, request.range_end), asked > 0 ? asked : current, (live) => {
    count += 1;
    if (found.length < fetched && accepts?.(live) !== false) found.push(live);
  });
  const compare = comparator(request);
  if (compare !== null) found.sort(compare);
  const more = limit > 0 && found.length > limit;
  if (more) found = found.slice(0, limit);
  const kvs = found.map((live) => live.toKeyValue());
  if (request.keys_only === true) for (const kv of kvs) kv.value = null;
  return { header: { revision: current }, kvs, more, count };
}

/**
 * How many keys to take, in the order of the keys, before sorting. One more than the limit tells whether
 * there are more. etcd does so also for order NONE with a target other than KEY, which it sorts all the
 * same: such an answer has the first keys, sorted, and not the first of the sorted.
 */
function fetchLimit(request: pb.IRangeRequest, limit: number, filtered: boolean): number {
  if (request.count_only === true) return 0;
  const order = request.sort_order ?? SortOrder.NONE;
  const target = request.sort_target ?? SortTarget.KEY;
  const keyOrder = order === SortOrder.NONE || (order === SortOrder.ASCEND && target === SortTarget.KEY);
  return limit > 0 && keyOrder && !filtered ? limit + 1 : Infinity;
}

/** null: the request filters nothing. Bounds are inclusive, 0 is none. */
function revisionFilter(request: pb.IRangeRequest): ((live: LiveKey) => boolean) | null {
  const [minMod, maxMod] = [rounded(request.min_mod_revision), rounded(request.max_mod_revision)];
  const [minCreate, maxCreate] = [rounded(request.min_create_revision), rounded(request.max_create_revision)];
  if (minMod === 0 && maxMod === 0 && minCreate === 0 && maxCreate === 0) return null;
  return ({ modRevision, createRevision }) =>
    modRevision >= (minMod || modRevision) &&
    modRevision <= (maxMod || modRevision) &&
    createRevision >= (minCreate || createRevision) &&
    createRevision <= (maxCreate || createRevision);
}

type Comparator = (a: LiveKey, b: LiveKey) => number;

/** null: what the key space visits first comes first. */
const ASCENDING: Readonly<Record<pb.RangeRequest.SortTarget, Comparator | null>> = {
  [SortTarget.KEY]: null,
  [SortTarget.VERSION]: (a, b) => a.version - b.version,
  [SortTarget.CREATE]: (a, b) => a.createRevision - b.createRevision,
  [SortTarget.MOD]: (a, b) => a.modRevision - b.modRevision,
  [SortTarget.VALUE]: (a, b) => Buffer.compare(a.value, b.value),
};

/** null: the order of the keys, which is there already. Equal ones stay in the order of their keys. */
function comparator(request: pb.IRangeRequest): Comparator | null {
  const ascending = ASCENDING[request.sort_target ?? SortTarget.KEY];
  if (request.sort_order !== SortOrder.DESCEND) return ascending;
  if (ascending === null) return (a, b) => (a.key < b.key ? 1 : -1);
  return (a, b) => ascending(b, a);
}
