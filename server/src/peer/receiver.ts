import { status } from "@grpc/grpc-js";
import { Metadata } from "@grpc/grpc-js";
import type { ServerReadableStream, sendUnaryData } from "@grpc/grpc-js";
import type { gauntletpeer } from "@gauntlet/proto";
import type { Identity } from "../identity.js";
import type { MemberId, Message } from "../raft/message.js";
import { fromWire } from "./codec.js";
import { checkIntroduction, isRefusal } from "./protocol.js";

type Call = ServerReadableStream<gauntletpeer.PeerBatch, gauntletpeer.SendSummary.$Properties>;
type Answer = sendUnaryData<gauntletpeer.SendSummary.$Properties>;

export interface ReceiverObserver {
  accepted(from: MemberId, clientUrl: string): void;
  ended(from: MemberId, reason: string): void;
  refused(address: string, reason: string): void;
  received(from: MemberId, messages: number): void;
  /** A message that its stream had no right to carry. */
  misdirected(from: MemberId, reason: string): void;
}

/**
 * Takes in the streams of the other members: at most one of each, the newest, since a member that
 * dials again has given its old connection up.
 */
export class PeerReceiver {
  readonly #identity: Identity;

  readonly #deliver: (messages: readonly Message[]) => void;

  readonly #observer: ReceiverObserver;

  /** How to end the present stream of a member. */
  readonly #current = new Map<MemberId, (reason: string) => void>();

  constructor(
    identity: Identity,
    deliver: (messages: readonly Message[]) => void,
    observer: ReceiverObserver,
  ) {
    this.#identity = identity;
    this.#deliver = deliver;
    this.#observer = observer;
  }

  /** The handler of Peer.Send. */
  accept(call: Call, answer: Answer): void {
    const introduction = checkIntroduction(call.metadata, this.#identity);
    if (isRefusal(introduction)) {
      this.#observer.refused(call.getPeer(), introduction.details);
      answer(introduction, null);
      return;
    }
    const { from, clientUrl } = introduction;
    this.#current.get(from)?.("the member has dialled again");
    let open = true;
    let messages = 0;
    const end = (reason: string, code: status) => {
      if (!open) return;
      open = false;
      if (this.#current.get(from) === replace) this.#current.delete(from);
      if (code === status.OK) answer(null, { messages });
      else answer({ code, details: reason }, null);
      this.#observer.ended(from, reason);
    };
    const replace = (reason: string) => end(reason, status.ABORTED);
    this.#current.set(from, replace);
    call.on("data", (batch: gauntletpeer.PeerBatch) => {
      if (!open) return;
      messages += batch.messages.length;
      try {
        this.#take(from, batch);
      } catch (error) {
        end(error instanceof Error ? error.message : String(error), status.INVALID_ARGUMENT);
      }
    });
    call.once("end", () => end("the member ended the stream", status.OK));
    call.once("cancelled", () => end("the connection was lost", status.CANCELLED));
    call.once("error", (error: Error) => end(error.message, status.UNAVAILABLE));
    call.sendMetadata(new Metadata());
    this.#observer.accepted(from, clientUrl);
  }

  #take(from: MemberId, batch: gauntletpeer.PeerBatch): void {
    this.#observer.received(from, batch.messages.length);
    const messages: Message[] = [];
    for (const wire of batch.messages) {
      const message = fromWire(wire);
      if (message.from === from && message.to === this.#identity.self.id) messages.push(message);
      else this.#observer.misdirected(from, `a message from ${message.from} to ${message.to}`);
    }
    this.#deliver(messages);
  }
}
