import { Client, Metadata, credentials } from "@grpc/grpc-js";
import type { MethodDefinition, ServiceError } from "@grpc/grpc-js";
import { clusterService, kvService, maintenanceService } from "@gauntlet/proto";

type Call<Request, Response> = (request: Request, metadata?: Metadata) => Promise<Response>;

const DEADLINE_MS = 10_000;

/** The calls of one node, one attempt each. They reject with gRPC's ServiceError. */
export class NodeClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.enable_retries": 0,
      "grpc.enable_http_proxy": 0,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 200,
    });
  }

  readonly range = this.#unary(kvService.range);

  readonly put = this.#unary(kvService.put);

  readonly deleteRange = this.#unary(kvService.deleteRange);

  readonly txn = this.#unary(kvService.txn);

  readonly status = this.#unary(maintenanceService.status);

  readonly alarm = this.#unary(maintenanceService.alarm);

  readonly hashKV = this.#unary(maintenanceService.hashKV);

  readonly moveLeader = this.#unary(maintenanceService.moveLeader);

  readonly memberAdd = this.#unary(clusterService.memberAdd);

  readonly memberRemove = this.#unary(clusterService.memberRemove);

  readonly memberUpdate = this.#unary(clusterService.memberUpdate);

  readonly memberPromote = this.#unary(clusterService.memberPromote);

  readonly memberList = this.#unary(clusterService.memberList);

  close(): void {
    this.#client.close();
  }

  #unary<Request, Response>(method: MethodDefinition<Request, Response>): Call<Request, Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    return (request, metadata = new Metadata()) =>
      new Promise((resolve, reject) => {
        const deadline = Date.now() + DEADLINE_MS;
        const done = (error: ServiceError | null, response?: Response) => {
          if (error === null && response !== undefined) resolve(response);
          else reject(error ?? new Error("neither error nor response"));
        };
        this.#client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          { deadline },
          done,
        );
      });
  }
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}
