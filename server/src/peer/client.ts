import { Client, credentials } from "@grpc/grpc-js";
import type { ChannelOptions } from "@grpc/grpc-js";
import { endingWithChannel } from "@gauntlet/proto";

/** A connection of its own to the peer at `url`: made with the first call, ended by close(). */
export function peerClient(url: string, options: ChannelOptions): Client {
  return new Client(new URL(url).host, endingWithChannel(credentials.createInsecure()), options);
}
