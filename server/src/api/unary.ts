import { status } from "@grpc/grpc-js";
import type { Metadata, handleUnaryCall } from "@grpc/grpc-js";
import { EtcdError } from "../errors.js";
import type { ApiContext } from "./context.js";

/**
 * Makes a gRPC handler of a function: its EtcdErrors become etcd's codes and texts; any other error is a
 * bug, is logged as one, and is answered with UNKNOWN, which promises nothing.
 */
export function unary<Request, Response>(
  context: ApiContext,
  method: string,
  answer: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    respond(context, call.metadata, () => answer(call.request)).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (error instanceof EtcdError) {
          callback({ code: error.code, details: error.message });
          return;
        }
        context.unexpected(method, error);
        callback({ code: status.UNKNOWN, details: "gauntlet: internal error, see the server's log" });
      },
    );
  };
}

async function respond<Response>(
  context: ApiContext,
  metadata: Metadata,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  // A client that would rather fail than wait says so.
  if (metadata.get("hasleader")[0] === "true" && context.replica.view.leader === null) {
    throw new EtcdError("NoLeader");
  }
  return answer();
}
