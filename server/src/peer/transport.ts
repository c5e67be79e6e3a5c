import { Server, ServerCredentials } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import type { ListenAddress } from "../config.js";
import type { Member } from "../identity.js";
import type { Clock, Network } from "../ports.js";
import type { MemberId, Message } from "../raft/message.js";
import type { Report } from "../replica/report.js";
import { AddressBook } from "./address-book.js";
import { PeerLink } from "./link.js";
import type { LinkObserver } from "./link.js";
import { answerMembers } from "./members.js";
import type { MembersAnswer } from "./members.js";
import { serverOptions } from "./options.js";
import type { PeerOptions } from "./options.js";
import { introduce } from "./protocol.js";
import type { Ids, Introduction, OwnUrls } from "./protocol.js";
import { PeerReceiver } from "./receiver.js";
import type { PeerHandlers, ReceiverObserver } from "./receiver.js";
import { sendSnapshot } from "./snapshot-sender.js";

export interface TransportParts {
  readonly identity: Ids & { readonly self: Member; readonly members: readonly Member[] };
  /** Told to the other members. */
  readonly ownUrls: OwnUrls;
  readonly options: PeerOptions;
  readonly clock: Clock;
  readonly linkObserver: LinkObserver;
  readonly receiverObserver: ReceiverObserver;
}

export interface TransportHandlers extends PeerHandlers {
  /** For servers that are to join; null: not known yet. */
  members(): MembersAnswer | null;
}

/** The way to the other members: one link to each, and a server that takes in theirs. */
export class PeerTransport implements Network<Message, Report> {
  readonly #parts: TransportParts;

  readonly #book: AddressBook;

  readonly #links = new Map<MemberId, PeerLink>();

  readonly #server: Server;

  #receiver: PeerReceiver | null = null;

  #dials = false;

  #closed = false;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    const { identity, options } = parts;
    this.#book = new AddressBook(identity.self.id, identity.members);
    this.#server = new Server(serverOptions(options));
    this.#follow();
  }

  /** What the members have agreed on: who they are and where they are reached, and who is none any more. */
  setMembers(members: readonly Member[], removed: readonly MemberId[]): void {
    this.#book.agree(members, removed);
    this.#follow();
    for (const id of removed) this.#receiver?.expel(id);
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) this.#links.get(message.to)?.send(message);
  }

  report(report: Report): void {
    for (const link of this.#links.values()) link.report(report);
  }

  async stream(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const link = this.#links.get(message.to);
    const url = link?.connectedUrl ?? null;
    if (link === undefined || url === null) throw new Error(`member ${message.to} is not connected`);
    const { options, clock } = this.#parts;
    await sendSnapshot(url, link.introduction, message, chunks, options, clock);
  }

  /** How long the member has answered on the connection to it, in milliseconds; null: it is not connected. */
  connectedForMs(member: MemberId): number | null {
    const sinceMs = this.#links.get(member)?.connectedSinceMs ?? null;
    return sinceMs === null ? null : this.#parts.clock.monotonicMs() - sinceMs;
  }

  /** Binds the peer address. Streams of peers are taken in from now on. */
  async listen(address: ListenAddress, handlers: TransportHandlers): Promise<void> {
    const { identity, receiverObserver } = this.#parts;
    const observer: ReceiverObserver = {
      ...receiverObserver,
      accepted: (introduction) => this.#introduced(introduction),
    };
    const isRemoved = this.#book.isRemoved.bind(this.#book);
    const receiver = new PeerReceiver(identity, isRemoved, handlers, observer);
    this.#receiver = receiver;
    this.#server.addService(peerService, {
      send: receiver.accept.bind(receiver),
      install: receiver.install.bind(receiver),
      members: answerMembers(() => handlers.members()),
    });
    await bind(this.#server, address);
  }

  /** Starts to dial. */
  connect(): void {
    this.#dials = true;
    for (const link of this.#links.values()) void link.run();
  }

  /** Dials and listens no more. Streams that peers keep open end with the process. */
  close(): void {
    this.#closed = true;
    for (const link of this.#links.values()) link.stop();
    this.#server.forceShutdown();
  }

  #introduced(introduction: Introduction): void {
    this.#parts.receiverObserver.accepted(introduction);
    if (this.#book.introduce(introduction.from, introduction.peerUrl)) this.#follow();
  }

  /** Makes the links those of the address book. */
  #follow(): void {
    if (this.#closed) return;
    const others = this.#book.others();
    const ids = new Set(others.map(({ id }) => id));
    for (const [id, link] of this.#links) {
      if (ids.has(id)) continue;
      link.stop();
      this.#links.delete(id);
    }
    for (const peer of others) {
      const link = this.#links.get(peer.id);
      if (link === undefined) this.#add(peer);
      else link.moveTo(peer);
    }
  }

  #add(peer: Member): void {
    const { identity, ownUrls, options, clock, linkObserver } = this.#parts;
    const introduction = introduce(identity, peer.id, ownUrls);
    const link = new PeerLink(peer, introduction, options, clock, linkObserver);
    this.#links.set(peer.id, link);
    if (this.#dials) void link.run();
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
