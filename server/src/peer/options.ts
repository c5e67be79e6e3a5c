import type { ChannelOptions } from "@grpc/grpc-js";

/** Limits and timings of the way to one's peers. */
export interface PeerOptions {
  /** Messages and bytes that wait for one peer; what comes on top is dropped, and Raft sends it again. */
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
  /** A batch ends with the message that reaches this. */
  readonly maxBatchBytes: number;
  /** Largest batch that is accepted: it must hold maxBatchBytes and one largest message. */
  readonly maxReceiveBytes: number;
  /** A peer that gives no answer for so long is dialled anew. */
  readonly dialTimeoutMs: number;
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Silence before a ping, and how long its answer may take. */
  readonly pingAfterMs: number;
  readonly pingTimeoutMs: number;
  /** The same where more is lost with a connection than a dial: one that carries a snapshot, and all that were accepted. */
  readonly patientPingTimeoutMs: number;
  /** A snapshot of which the receiver takes nothing in for so long is given up. */
  readonly stallTimeoutMs: number;
  /** So long the receiver may take to read back what it was sent whole. */
  readonly loadTimeoutMs: number;
}

const MIB = 1024 * 1024;

export function peerOptions(electionTimeoutMs: number, maxRequestBytes: number): PeerOptions {
  return {
    maxQueuedMessages: 4096,
    maxQueuedBytes: 64 * MIB,
    // Some milliseconds to encode, and to read.
    maxBatchBytes: MIB,
    maxReceiveBytes: 16 * MIB + 2 * maxRequestBytes,
    dialTimeoutMs: Math.max(500, electionTimeoutMs / 2),
    firstBackoffMs: 50,
    maxBackoffMs: 500,
    // A connection that a partition has killed is given up after about an election timeout, and dialled
    // anew: TCP alone would try again only seconds after the network is healed.
    pingAfterMs: Math.max(100, electionTimeoutMs / 4),
    pingTimeoutMs: Math.max(500, electionTimeoutMs),
    patientPingTimeoutMs: Math.max(10_000, electionTimeoutMs),
    // Far above what a slow disk takes for one chunk; a dead connection is noticed by its pings.
    stallTimeoutMs: Math.max(30_000, 10 * electionTimeoutMs),
    loadTimeoutMs: 30 * 60_000,
  };
}

/** Large enough that one round trip carries a full batch. */
const FLOW_CONTROL_WINDOW_BYTES = 4 * MIB;

/** Of the link to a peer: it is dialled anew soon after it died. */
export function linkOptions(options: PeerOptions): ChannelOptions {
  return channelOptions(options, options.pingTimeoutMs);
}

/** Of a connection that carries a snapshot: a receiver that is busy for a moment must not cost all that was sent. */
export function snapshotOptions(options: PeerOptions): ChannelOptions {
  return channelOptions(options, options.patientPingTimeoutMs);
}

/**
 * Of what others dialled, be it a link or a snapshot. Who dialled notices by its own pings when it has to dial anew; those of the server
 * only end what is left here of connections that died without a word.
 */
export function serverOptions(options: PeerOptions): ChannelOptions {
  return channelOptions(options, options.patientPingTimeoutMs);
}

/** Of all that is dialled to a peer. */
export const CONNECTION_OPTIONS: ChannelOptions = {
  "grpc.enable_channelz": 0,
  // A message that may have been delivered is Raft's to repeat: a forwarded proposal must not enter the log twice.
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  // A new dial means a new connection, not the dead one out of a shared pool.
  "grpc.use_local_subchannel_pool": 1,
};

function channelOptions(options: PeerOptions, pingTimeoutMs: number): ChannelOptions {
  return {
    "grpc.keepalive_time_ms": options.pingAfterMs,
    "grpc.keepalive_timeout_ms": pingTimeoutMs,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_receive_message_length": options.maxReceiveBytes,
    "grpc.max_send_message_length": -1,
    "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW_BYTES,
    ...CONNECTION_OPTIONS,
  };
}
