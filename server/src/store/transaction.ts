import type { etcdserverpb as pb } from "@gauntlet/proto";
import type { ErrorName } from "../errors.js";
import { compareHolds } from "./compare.js";
import { rounded } from "./int64.js";
import type { KeySpace, LiveKey } from "./key-space.js";
import { keyOf, keyRange } from "./keys.js";
import { checkRevision, evaluateRange } from "./range.js";
import { txnOp, type TxnOp } from "./request-op.js";
import type { Result } from "./result.js";

const NO_BYTES = new Uint8Array(0);

/**
 * Runs operations on a key space as one revision. First all compares and checks, against the state before
 * any operation; then the operations, which cannot fail any more. So an error leaves nothing half done.
 */
export class Transaction {
  private readonly space: KeySpace;
  private readonly before: number;
  private changed = false;

  /** `before`: the revision of the state that it starts from. */
  constructor(space: KeySpace, before: number) {
    this.space = space;
    this.before = before;
  }

  /** What the operations so far made of the revision: one more once something has changed. */
  get revision(): number {
    return this.changed ? this.before + 1 : this.before;
  }

  /** A request on its own: a txn of one operation without compares, but for the shape of the answer. */
  run<Type extends TxnOp["type"]>(op: Extract<TxnOp, { type: Type }>): Result<ResponseOf[Type]> {
    const step = this.plan(op);
    const error =
      findError(step, (leaf) => this.checkPut(leaf)) ?? findError(step, (leaf) => this.checkRange(leaf));
    if (error !== null) return { type: "error", error };
    const response = this.execute(step) as ResponseOf[Type];
    // The header of a txn is written last; those of txns nested in it stay empty.
    if (step.type === "txn") response.header = { revision: this.revision };
    return { type: "ok", response };
  }

  /** Takes the decisions of all compares, nested ones too, on the state as it is now. */
  private plan(op: TxnOp): Step {
    if (op.type !== "txn") return op;
    const { compare, success, failure } = op.request;
    const succeeded = (compare ?? []).every((one) => compareHolds(this.space, one, this.before));
    const steps = ((succeeded ? success : failure) ?? []).map((message): Step => {
      const nested = txnOp(message);
      return nested === null ? { type: "missing" } : this.plan(nested);
    });
    return { type: "txn", succeeded, steps };
  }

  private checkPut(step: Step): ErrorName | null {
    if (step.type === "missing") return "KeyNotFound";
    if (step.type !== "put") return null;
    const { key, lease, ignore_value, ignore_lease } = step.request;
    if (rounded(lease) !== 0) return "LeaseNotFound";
    const needsKey = ignore_value === true || ignore_lease === true;
    return needsKey && this.find(key) === null ? "KeyNotFound" : null;
  }

  private checkRange(step: Step): ErrorName | null {
    return step.type === "range" ? checkRevision(step.request, this.before) : null;
  }

  private execute(step: Step): ResponseOf[TxnOp["type"]] {
    switch (step.type) {
      case "range":
        return evaluateRange(this.space, step.request, this.revision);
      case "put":
        return this.put(step.request);
      case "deleteRange":
        return this.deleteRange(step.request);
      case "txn":
        return {
          header: {},
          succeeded: step.succeeded,
          responses: step.steps.map((one) => this.respond(one)),
        };
      case "missing":
        break;
    }
    throw new Error("an operation without content passed the checks");
  }

  private respond(step: Step): pb.IResponseOp {
    const response = this.execute(step);
    switch (step.type) {
      case "range":
        return { response_range: response };
      case "put":
        return { response_put: response };
      case "deleteRange":
        return { response_delete_range: response };
      case "txn":
      case "missing":
        break;
    }
    return { response_txn: response };
  }

  private put(request: pb.IPutRequest): pb.IPutResponse {
    const key = keyOf(request.key ?? NO_BYTES);
    const needsPrevious = request.ignore_value === true || request.prev_kv === true;
    const previous = needsPrevious ? this.space.get(key, this.revision) : null;
    const value = request.ignore_value === true ? previous?.value : (request.value ?? NO_BYTES);
    if (value === undefined) throw new Error("a put without a value of its own found no key to take it from");
    this.changed = true;
    this.space.put(key, value, this.revision);
    const response: pb.IPutResponse = { header: { revision: this.revision } };
    if (request.prev_kv === true && previous !== null) response.prev_kv = previous.toKeyValue();
    return response;
  }

  private deleteRange(request: pb.IDeleteRangeRequest): pb.IDeleteRangeResponse {
    const removed: LiveKey[] = [];
    this.space.visit(keyRange(request.key, request.range_end), this.revision, (live) => {
      removed.push(live);
    });
    if (removed.length > 0) this.changed = true;
    for (const { key } of removed) this.space.remove(key, this.revision);
    const response = { header: { revision: this.revision }, deleted: removed.length };
    return request.prev_kv === true
      ? { ...response, prev_kvs: removed.map((live) => live.toKeyValue()) }
      : response;
  }

  private find(key: Uint8Array | null | undefined): LiveKey | null {
    return this.space.get(keyOf(key ?? NO_BYTES), this.revision);
  }
}

/** An operation that will run: of txns, the branch that was taken. */
type Step =
  | Exclude<TxnOp, { type: "txn" }>
  | { readonly type: "txn"; readonly succeeded: boolean; readonly steps: readonly Step[] }
  | { readonly type: "missing" };

export interface ResponseOf {
  range: pb.IRangeResponse;
  put: pb.IPutResponse;
  deleteRange: pb.IDeleteRangeResponse;
  txn: pb.ITxnResponse;
}

function findError(step: Step, check: (leaf: Step) => ErrorName | null): ErrorName | null {
  if (step.type !== "txn") return check(step);
  for (const one of step.steps) {
    const error = findError(one, check);
    if (error !== null) return error;
  }
  return null;
}
