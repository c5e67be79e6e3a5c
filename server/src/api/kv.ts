import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { etcdserverpb as pb, toSafeNumber } from "@gauntlet/proto";
import { EtcdError } from "../errors.js";
import type { ErrorName } from "../errors.js";
import type { CommandBody } from "../replica/parts.js";
import {
  isReadOnlyTxn,
  isSerializableTxn,
  validateDeleteRange,
  validatePut,
  validateRange,
  validateTxn,
} from "../store/index.js";
import type { Result, WriteResponse } from "../store/index.js";
import { header } from "./context.js";
import type { ApiContext } from "./context.js";
import { unary } from "./unary.js";

/** etcdserverpb.KV. Writes go through the log, reads do not. */
export function kvHandlers(context: ApiContext): UntypedServiceImplementation {
  const { store } = context;
  return {
    range: unary<pb.RangeRequest, pb.IRangeResponse>(
      context,
      "Range",
      async (request) => {
        refuse(validateRange(request));
        await beforeRead(context, request.serializable);
        return answer(context, store.range(request));
      },
      (request) => request.serializable,
    ),
    put: unary<pb.PutRequest, WriteResponse>(context, "Put", (request) => {
      refuse(validatePut(request));
      return write(context, { put: pb.PutRequest.encode(request).finish() });
    }),
    deleteRange: unary<pb.DeleteRangeRequest, WriteResponse>(context, "DeleteRange", (request) => {
      refuse(validateDeleteRange(request));
      return write(context, { delete_range: pb.DeleteRangeRequest.encode(request).finish() });
    }),
    txn: unary<pb.TxnRequest, WriteResponse>(context, "Txn", async (request) => {
      refuse(validateTxn(request));
      if (!isReadOnlyTxn(request)) return write(context, { txn: pb.TxnRequest.encode(request).finish() });
      await beforeRead(context, isSerializableTxn(request));
      return answer(context, store.txn(request));
    }),
  };
}

/** Local reads may lag behind the cluster, but not behind what this member answered before a restart. */
async function beforeRead(context: ApiContext, serializable: boolean): Promise<void> {
  if (!serializable) return context.replica.readBarrier();
  refuse(context.replica.localReadFault);
}

async function write(context: ApiContext, body: CommandBody): Promise<WriteResponse> {
  return answer(context, await context.replica.propose(body));
}

/** The store knows the revision; who answers and in which term is added here. */
function answer<Response extends WriteResponse | pb.IRangeResponse>(
  context: ApiContext,
  result: Result<Response>,
): Response {
  if (result.type === "error") throw new EtcdError(result.error);
  const revision = toSafeNumber(result.response.header?.revision ?? 0);
  return { ...result.response, header: header(context, revision) };
}

function refuse(error: ErrorName | null): void {
  if (error !== null) throw new EtcdError(error);
}
