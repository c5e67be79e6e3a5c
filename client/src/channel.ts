import type { ChannelOptions } from "@grpc/grpc-js";

/**
 * Options of every channel. What they must rule out: a second attempt of a call that the caller does not
 * see, an option that comes from DNS, and a proxy of the environment between the client and a node.
 */
export const CHANNEL_OPTIONS: ChannelOptions = {
  // Also turns off gRPC's transparent retries, which need no policy.
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_http_proxy": 0,
  // A connection of its own a client: one client's trouble is not another's, and closing it closes it.
  "grpc.use_local_subchannel_pool": 1,
  // A node that was restarted is used again within about half a second.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 500,
  // Finds a peer that went silent; above the 5 s below which etcd calls a client abusive.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // Answers have no bound but the server's: a range of many keys is legitimate.
  "grpc.max_receive_message_length": -1,
  "grpc.enable_channelz": 0,
};
