import type { MethodDefinition } from "@grpc/grpc-js";
import { Client, credentials, status } from "@grpc/grpc-js";
import {
  clusterService,
  endingWithChannel,
  type etcdserverpb as pb,
  fromBigInt,
  kvService,
  maintenanceService,
} from "@gauntlet/proto";
import { callOnce } from "./call.js";
import { CHANNEL_OPTIONS } from "./channel.js";
import {
  decodeDeleteRange,
  decodeHashKv,
  decodeMemberAdd,
  decodeMemberList,
  decodePut,
  decodeRange,
  decodeStatus,
  decodeTxn,
} from "./decode.js";
import { encodeDeleteRange, encodePut, encodeRange, encodeTxn } from "./encode.js";
import type { CallKind, FailedCall, Failure } from "./errors.js";
import { EtcdError } from "./errors.js";
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  HashKvRequest,
  HashKvResponse,
  MemberAddResponse,
  MemberListResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  StatusResponse,
  TxnRequest,
  TxnResponse,
} from "./messages.js";

export interface EtcdClientOptions {
  /** `host:port`, at least one; the first is asked first. */
  readonly endpoints: readonly string[];
  /** For calls that say nothing else. Covers all attempts of a call, connecting included. */
  readonly deadlineMs: number;
  /** Codes of refusals that these servers are known to give also to writes that happened: such a write is `info`. */
  readonly doubted?: readonly string[];
}

export interface CallOptions {
  readonly deadlineMs?: number;
}

interface Method<Request, Wire, Response> {
  readonly definition: MethodDefinition<Request, Wire>;
  readonly decode: (wire: Wire) => Response;
  readonly kind: CallKind;
}

interface Endpoint {
  readonly address: string;
  readonly channel: Client;
}

/**
 * Calls go to the current endpoint. The next endpoint is tried, each at most once, only when the call
 * provably never left this process, or when it is a read and the endpoint answered UNAVAILABLE.
 * A write that may have reached a server is never sent again. Every rejection is an `EtcdError`.
 */
export class EtcdClient {
  readonly #endpoints: readonly Endpoint[];
  readonly #deadlineMs: number;
  readonly #doubted: readonly string[];
  #current = 0;
  #closed = false;

  constructor(options: EtcdClientOptions) {
    if (options.endpoints.length === 0) {
      throw new RangeError("endpoints: at least one is needed");
    }
    this.#deadlineMs = options.deadlineMs;
    this.#doubted = options.doubted ?? [];
    this.#endpoints = options.endpoints.map((address) => ({
      address,
      channel: new Client(address, endingWithChannel(credentials.createInsecure()), CHANNEL_OPTIONS),
    }));
  }

  range(request: RangeRequest, options?: CallOptions): Promise<RangeResponse> {
    const method = { definition: kvService.range, decode: decodeRange, kind: "read" } as const;
    return this.#call(method, encodeRange(request), options);
  }

  put(request: PutRequest, options?: CallOptions): Promise<PutResponse> {
    const method = { definition: kvService.put, decode: decodePut, kind: "write" } as const;
    return this.#call(method, encodePut(request), options);
  }

  deleteRange(request: DeleteRangeRequest, options?: CallOptions): Promise<DeleteRangeResponse> {
    const method = { definition: kvService.deleteRange, decode: decodeDeleteRange, kind: "write" } as const;
    return this.#call(method, encodeDeleteRange(request), options);
  }

  /** A transaction without a write in either branch counts as a read. */
  txn(request: TxnRequest, options?: CallOptions): Promise<TxnResponse> {
    const readOnly = [...request.success, ...request.failure].every(({ type }) => type === "range");
    const kind: CallKind = readOnly ? "read" : "write";
    const decode = (wire: pb.TxnResponse.$Properties): TxnResponse => decodeTxn(request, wire);
    return this.#call({ definition: kvService.txn, decode, kind }, encodeTxn(request), options);
  }

  /** What the current endpoint says of itself; needs no quorum. */
  status(options?: CallOptions): Promise<StatusResponse> {
    const method = { definition: maintenanceService.status, decode: decodeStatus, kind: "read" } as const;
    return this.#call(method, {}, options);
  }

  /** A hash over what the current endpoint holds, as of a revision; needs no quorum. */
  hashKv(request: HashKvRequest, options?: CallOptions): Promise<HashKvResponse> {
    const method = { definition: maintenanceService.hashKV, decode: decodeHashKv, kind: "read" } as const;
    return this.#call(method, { revision: request.revision }, options);
  }

  memberList(
    request: { readonly linearizable: boolean },
    options?: CallOptions,
  ): Promise<MemberListResponse> {
    const method = { definition: clusterService.memberList, decode: decodeMemberList, kind: "read" } as const;
    return this.#call(method, request, options);
  }

  /** Of a new member nothing is known but where its peers reach it; it tells the rest when it has started. */
  memberAdd(
    request: { readonly peerUrls: readonly string[]; readonly isLearner: boolean },
    options?: CallOptions,
  ): Promise<MemberAddResponse> {
    const method = { definition: clusterService.memberAdd, decode: decodeMemberAdd, kind: "write" } as const;
    return this.#call(method, { peerURLs: [...request.peerUrls], isLearner: request.isLearner }, options);
  }

  memberRemove(request: { readonly id: bigint }, options?: CallOptions): Promise<MemberListResponse> {
    const definition = clusterService.memberRemove;
    const method = { definition, decode: decodeMemberList, kind: "write" } as const;
    return this.#call(method, { ID: fromBigInt(request.id) }, options);
  }

  /** Makes a voter of a learner that has caught up. */
  memberPromote(request: { readonly id: bigint }, options?: CallOptions): Promise<MemberListResponse> {
    const definition = clusterService.memberPromote;
    const method = { definition, decode: decodeMemberList, kind: "write" } as const;
    return this.#call(method, { ID: fromBigInt(request.id) }, options);
  }

  /** Only the leader takes it. */
  moveLeader(request: { readonly to: bigint }, options?: CallOptions): Promise<void> {
    // etcd's answer is empty: it has not even a header.
    const decode = (): void => undefined;
    const method = { definition: maintenanceService.moveLeader, decode, kind: "write" } as const;
    return this.#call(method, { targetID: fromBigInt(request.to) }, options);
  }

  /** Calls in flight end with an error of their own; calls after it are `fail`. */
  close(): void {
    this.#closed = true;
    for (const { channel } of this.#endpoints) {
      channel.close();
    }
  }

  async #call<Request, Wire, Response>(
    method: Method<Request, Wire, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const deadline = new Date(Date.now() + (options.deadlineMs ?? this.#deadlineMs));
    for (let attempt = 1; ; attempt++) {
      const endpoint = this.#endpoint();
      const call = { kind: method.kind, endpoint: endpoint.address, doubted: this.#doubted };
      if (this.#closed) {
        throw new EtcdError(CLOSED, call);
      }
      const result = await callOnce(endpoint.channel, method.definition, request, deadline);
      if (result.type === "answer") {
        return decodeAnswer(method, result.response, call);
      }
      const { failure } = result;
      this.#moveOn(endpoint, failure);
      const harmless =
        failure.neverSent || (method.kind === "read" && failure.grpcCode === status.UNAVAILABLE);
      if (!harmless || attempt === this.#endpoints.length || Date.now() >= deadline.getTime()) {
        throw new EtcdError(failure, call, result.cause);
      }
    }
  }

  #endpoint(): Endpoint {
    const endpoint = this.#endpoints[this.#current];
    if (endpoint === undefined) {
      throw new Error(`endpoint ${this.#current} of ${this.#endpoints.length}`);
    }
    return endpoint;
  }

  /** Later calls go elsewhere when this endpoint cannot be reached or does not answer. */
  #moveOn(from: Endpoint, { grpcCode }: Failure): void {
    const unreachable = grpcCode === status.UNAVAILABLE || grpcCode === status.DEADLINE_EXCEEDED;
    if (unreachable && from === this.#endpoint()) {
      this.#current = (this.#current + 1) % this.#endpoints.length;
    }
  }
}

const CLOSED: Failure = { grpcCode: status.CANCELLED, details: "the client is closed", neverSent: true };

/**
 * An answer that breaks the API's promises is an error that promises nothing: `INTERNAL` has no place
 * in the table of refusals. The call did reach a server.
 */
function decodeAnswer<Request, Wire, Response>(
  method: Method<Request, Wire, Response>,
  wire: Wire,
  call: FailedCall,
): Response {
  try {
    return method.decode(wire);
  } catch (cause) {
    const details = `malformed answer: ${cause instanceof Error ? cause.message : String(cause)}`;
    const failure: Failure = { grpcCode: status.INTERNAL, details, neverSent: false };
    throw new EtcdError(failure, call, cause);
  }
}
