import { etcdserverpb as pb } from "@gauntlet/proto";

/** Short spellings of requests for tests; text stands for its bytes, one a character. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** etcd's "no upper end". */
export const UNBOUNDED = "\0";

export function put(key: string, value: string, more: Partial<pb.IPutRequest> = {}): pb.IPutRequest {
  return { key: bytes(key), value: bytes(value), ...more };
}

export function range(key: string, end = "", more: Partial<pb.IRangeRequest> = {}): pb.IRangeRequest {
  return { key: bytes(key), range_end: bytes(end), ...more };
}

export function del(
  key: string,
  end = "",
  more: Partial<pb.IDeleteRangeRequest> = {},
): pb.IDeleteRangeRequest {
  return { key: bytes(key), range_end: bytes(end), ...more };
}

export const op = {
  put: (...args: Parameters<typeof put>): pb.IRequestOp => ({ request_put: put(...args) }),
  range: (...args: Parameters<typeof range>): pb.IRequestOp => ({ request_range: range(...args) }),
  del: (...args: Parameters<typeof del>): pb.IRequestOp => ({ request_delete_range: del(...args) }),
  txn: (request: pb.ITxnRequest): pb.IRequestOp => ({ request_txn: request }),
};

/** `what` of `key` is `result` the given figure or text. */
export function compare(
  key: string,
  what: keyof typeof pb.Compare.CompareTarget,
  result: keyof typeof pb.Compare.CompareResult,
  wanted: number | string,
  end = "",
): pb.ICompare {
  const { CompareTarget, CompareResult } = pb.Compare;
  const field = {
    VERSION: "version",
    CREATE: "create_revision",
    MOD: "mod_revision",
    VALUE: "value",
    LEASE: "lease",
  };
  return {
    key: bytes(key),
    range_end: bytes(end),
    target: CompareTarget[what],
    result: CompareResult[result],
    [field[what]]: typeof wanted === "string" ? bytes(wanted) : wanted,
  };
}

/** A message as its reader sees it: only what is set, bytes as text, 64-bit numbers as numbers. */
export function plain(message: object | null | undefined): unknown {
  return JSON.parse(JSON.stringify(simplify(message)) ?? "null");
}

function simplify(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (Array.isArray(value)) return value.map(simplify);
  if (value === null || typeof value !== "object") return value;
  const set = Object.entries(value).filter(
    ([, field]) => field !== null && field !== undefined && field !== 0 && field !== false && !isEmpty(field),
  );
  return Object.fromEntries(set.map(([name, field]) => [name, simplify(field)]));
}

function isEmpty(field: unknown): boolean {
  return (Array.isArray(field) || field instanceof Uint8Array) && field.length === 0;
}
