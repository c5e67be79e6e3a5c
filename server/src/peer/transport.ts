import { Server, ServerCredentials } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import type { ListenAddress } from "../config.js";
import type { Identity } from "../identity.js";
import type { Clock, Network } from "../ports.js";
import type { MemberId, Message } from "../raft/message.js";
import type { Report } from "../replica-report.js";
import { PeerLink } from "./link.js";
import type { LinkObserver } from "./link.js";
import { channelOptions } from "./options.js";
import type { PeerOptions } from "./options.js";
import { introduce } from "./protocol.js";
import { PeerReceiver } from "./receiver.js";
import type { ReceiverObserver } from "./receiver.js";

export interface TransportParts {
  readonly identity: Identity;
  /** Told to the other members, for their MemberList. */
  readonly clientUrl: string;
  readonly options: PeerOptions;
  readonly clock: Clock;
  readonly linkObserver: LinkObserver;
  readonly receiverObserver: ReceiverObserver;
}

/** The way to the other members: one link to each, and a server that takes in theirs. */
export class PeerTransport implements Pick<Network<Message, Report>, "send"> {
  readonly #parts: TransportParts;

  readonly #links: ReadonlyMap<MemberId, PeerLink>;

  readonly #server: Server;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    const { identity, clientUrl, options, clock, linkObserver } = parts;
    const others = identity.members.filter((member) => member.id !== identity.self.id);
    this.#links = new Map(
      others.map((peer) => {
        const introduction = introduce(identity, peer.id, clientUrl);
        return [peer.id, new PeerLink(peer, introduction, options, clock, linkObserver)];
      }),
    );
    this.#server = new Server(channelOptions(options));
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) this.#links.get(message.to)?.send(message);
  }

  /** Binds the peer address. Streams of peers are taken in from now on. */
  async listen(address: ListenAddress, deliver: (messages: readonly Message[]) => void): Promise<void> {
    const { identity, receiverObserver } = this.#parts;
    const receiver = new PeerReceiver(identity, deliver, receiverObserver);
    this.#server.addService(peerService, { send: receiver.accept.bind(receiver) });
    await bind(this.#server, address);
  }

  /** Starts to dial. */
  connect(): void {
    for (const link of this.#links.values()) void link.run();
  }

  /** Dials and listens no more. Streams that peers keep open end with the process. */
  close(): void {
    for (const link of this.#links.values()) link.stop();
    this.#server.forceShutdown();
  }
}

/** Binds a gRPC server; rejects when the address cannot be had. */
export function bind(server: Server, { host, port }: ListenAddress): Promise<number> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error === null) resolve(boundPort);
      else reject(error);
    });
  });
}
