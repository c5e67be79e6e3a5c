import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type etcdserverpb as pb, kvService } from "@gauntlet/proto";

/** What a test's server does with a call; it may answer, refuse, or hold it for ever. */
export type Answerer<Response> = (answer: sendUnaryData<Response>) => void;

export interface KvServerOptions {
  readonly port: number;
  readonly range: Answerer<pb.RangeResponse.$Properties>;
  readonly put: Answerer<pb.PutResponse.$Properties>;
  readonly txn?: (request: pb.TxnRequest.$Properties) => pb.TxnResponse.$Properties;
  /** Told of every call that reaches the application, before it is answered. */
  readonly arrived: (method: "range" | "put" | "txn") => void;
}

/** A real gRPC server of the KV service; resolves to its port on the loopback address. */
export async function startKvServer(options: KvServerOptions): Promise<{ server: Server; port: number }> {
  const server = new Server();
  server.addService(kvService, {
    range: (_: unknown, answer: sendUnaryData<pb.RangeResponse.$Properties>) => {
      options.arrived("range");
      options.range(answer);
    },
    put: (_: unknown, answer: sendUnaryData<pb.PutResponse.$Properties>) => {
      options.arrived("put");
      options.put(answer);
    },
    txn: (
      call: ServerUnaryCall<pb.TxnRequest.$Properties, pb.TxnResponse.$Properties>,
      answer: sendUnaryData<pb.TxnResponse.$Properties>,
    ) => {
      options.arrived("txn");
      answer(null, options.txn?.(call.request) ?? {});
    },
    deleteRange: () => undefined,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(error);
      }
    });
  });
  return { server, port };
}
