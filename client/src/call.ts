import type { Client, ClientUnaryCall, MethodDefinition, ServiceError } from "@grpc/grpc-js";
import { Metadata, status } from "@grpc/grpc-js";
import type { Failure } from "./errors.js";

export type CallResult<Response> =
  | { readonly type: "answer"; readonly response: Response }
  | { readonly type: "failure"; readonly failure: Failure; readonly cause: unknown };

/** One unary call, tried exactly once. Never rejects. */
export function callOnce<Request, Response>(
  client: Client,
  method: MethodDefinition<Request, Response>,
  request: Request,
  deadline: Date,
): Promise<CallResult<Response>> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      { deadline },
      (error: ServiceError | null, response?: Response) => {
        if (error === null && response !== undefined) {
          resolve({ type: "answer", response });
          return;
        }
        resolve({ type: "failure", failure: failureOf(call, error), cause: error });
      },
    );
  });
}

function failureOf(call: ClientUnaryCall, error: ServiceError | null): Failure {
  return {
    grpcCode: error?.code ?? status.UNKNOWN,
    details: error?.details ?? "the server answered with neither a message nor an error",
    neverSent: error !== null && wasNeverSent(call, error),
  };
}

/**
 * Whether it is certain that nothing of this call left the process.
 *
 * The text of an error proves nothing: a server that is itself a gRPC client can pass on "No connection
 * established" from its own peer. But a call that got as far as an HTTP/2 stream has the auth context of that
 * stream's connection (an empty object without TLS), and one that never had a stream has none; this says who
 * made the status. `unknown` as peer means that no attempt was committed, so that nothing can be said.
 *
 * Without a stream, UNAVAILABLE comes from the load balancer or the resolver, and grpc-js never starts a call
 * after it has ended it so. A deadline is weaker: one that passes while grpc-js prepares the metadata ends the
 * call for the caller and sends it nevertheless (resolving-call.ts of 1.14). Only its own word that it still
 * waited for a connection is a proof, since an ended call is not taken from that queue.
 */
function wasNeverSent(call: ClientUnaryCall, error: ServiceError): boolean {
  if (call.getPeer() === "unknown" || call.getAuthContext() !== null) {
    return false;
  }
  return (
    error.code === status.UNAVAILABLE ||
    (error.code === status.DEADLINE_EXCEEDED && error.details.endsWith("Waiting for LB pick"))
  );
}
