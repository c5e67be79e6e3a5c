import { status } from "@grpc/grpc-js";
import type { Metadata, handleUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { EtcdError } from "../errors.js";
import { isLearner, knowsItsPart } from "./context.js";
import type { ApiContext } from "./context.js";
import { STATUS } from "./status.js";

/** Of a call that is answered in whatever state a member is. */
export const ALWAYS = (): boolean => true;
const NEVER = (): boolean => false;

/** What is asked to find out what is wrong: answered also by a member whose state is. */
const DIAGNOSTIC: ReadonlySet<string> = new Set(["Status", "Alarm", "Hash", "HashKV"]);

/**
 * Makes a gRPC handler of a function: its EtcdErrors become etcd's codes and texts; any other error is a
 * bug, is logged as one, and is answered with UNKNOWN, which promises nothing. `byLearners`: whether a learner answers
 * it, too; etcd lets it answer next to nothing, since it may be far behind.
 */
export function unary<Request, Response>(
  context: ApiContext,
  method: string,
  answer: (request: Request) => Response | Promise<Response>,
  byLearners: (request: Request) => boolean = NEVER,
): handleUnaryCall<Request, Response> {
  const respond = async (request: Request, metadata: Metadata, send: sendUnaryData<Response>) => {
    let response: Response;
    try {
      if (context.replica.localReadFault === "Corrupt" && !DIAGNOSTIC.has(method))
        throw new EtcdError("Corrupt");
      if (!byLearners(request)) {
        // All is applied then that was committed now, and it was made a member before it was started.
        if (!knowsItsPart(context)) await context.replica.readBarrier();
        if (isLearner(context)) throw new EtcdError("NotSupportedForLearner");
      }
      checkLeader(context, metadata);
      response = await answer(request);
    } catch (error) {
      if (!(error instanceof EtcdError)) context.unexpected(method, error);
      send(error instanceof EtcdError ? { code: STATUS[error.errorName], details: error.message } : INTERNAL);
      return;
    }
    send(null, response);
  };
  return (call, send) => void respond(call.request, call.metadata, send);
}

const INTERNAL = { code: status.UNKNOWN, details: "gauntlet: internal error, see the server's log" };

/** A client that would rather fail than wait says so. */
function checkLeader(context: ApiContext, metadata: Metadata): void {
  const asked = metadata.get("hasleader")[0] === "true";
  if (asked && context.replica.view.leader === null) throw new EtcdError("NoLeader");
}
