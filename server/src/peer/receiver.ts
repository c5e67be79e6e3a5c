import { Metadata, status } from "@grpc/grpc-js";
import type { ServerReadableStream, sendUnaryData } from "@grpc/grpc-js";
import type { gauntletpeer } from "@gauntlet/proto";
import type { MemberId, Message } from "../raft/message.js";
import type { Report } from "../replica/report.js";
import { fromWire } from "./codec.js";
import { checkIntroduction, isRefusal, REMOVED, removedReason } from "./protocol.js";
import type { Ids, Introduction, Refusal } from "./protocol.js";
import { reportFromWire } from "./report-codec.js";
import { receiveSnapshot } from "./snapshot-receiver.js";
import type { InstallAnswer, InstallCall, SnapshotHandler } from "./snapshot-receiver.js";

type Call = ServerReadableStream<gauntletpeer.PeerBatch, gauntletpeer.SendSummary.$Properties>;
type Answer = sendUnaryData<gauntletpeer.SendSummary.$Properties>;

/** What is done with what the other members say. */
export interface PeerHandlers {
  messages(messages: readonly Message[]): void;
  report(from: MemberId, report: Report): void;
  readonly snapshot: SnapshotHandler;
}

export interface ReceiverObserver {
  accepted(introduction: Introduction): void;
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
  readonly #identity: Ids;

  readonly #isRemoved: (member: MemberId) => boolean;

  readonly #handlers: PeerHandlers;

  readonly #observer: ReceiverObserver;

  /** How to end the present stream of a member. */
  readonly #current = new Map<MemberId, (reason: string, code: status) => void>();

  constructor(
    identity: Ids,
    isRemoved: (member: MemberId) => boolean,
    handlers: PeerHandlers,
    observer: ReceiverObserver,
  ) {
    this.#identity = identity;
    this.#isRemoved = isRemoved;
    this.#handlers = handlers;
    this.#observer = observer;
  }

  /** The handler of Peer.Install. */
  install(call: InstallCall, answer: InstallAnswer): void {
    const introduction = this.#check(call, answer);
    if (introduction === null) return;
    const { snapshot } = this.#handlers;
    void receiveSnapshot(call, answer, introduction.from, this.#identity.self.id, snapshot);
  }

  /** Ends the stream of a member that is none any more, and tells it so: it gets no log that would. */
  expel(member: MemberId): void {
    this.#current.get(member)?.(removedReason(member), REMOVED);
  }

  /** The handler of Peer.Send. */
  accept(call: Call, answer: Answer): void {
    const introduction = this.#check(call, answer);
    if (introduction === null) return;
    const { from } = introduction;
    this.#current.get(from)?.("the member has dialled again", status.ABORTED);
    let open = true;
    let messages = 0;
    const end = (reason: string, code: status) => {
      if (!open) return;
      open = false;
      if (this.#current.get(from) === end) this.#current.delete(from);
      if (code === status.OK) answer(null, { messages });
      else answer({ code, details: reason }, null);
      this.#observer.ended(from, reason);
    };
    this.#current.set(from, end);
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
    this.#observer.accepted(introduction);
  }

  /** Answers a call that is refused; null then. */
  #check(
    call: { readonly metadata: Metadata; getPeer(): string },
    answer: (refusal: Refusal, value: null) => void,
  ): Introduction | null {
    const introduction = checkIntroduction(call.metadata, this.#identity, this.#isRemoved);
    if (!isRefusal(introduction)) return introduction;
    this.#observer.refused(call.getPeer(), introduction.details);
    answer(introduction, null);
    return null;
  }

  #take(from: MemberId, batch: gauntletpeer.PeerBatch): void {
    this.#observer.received(from, batch.messages.length);
    const messages: Message[] = [];
    for (const wire of batch.messages) {
      const message = fromWire(wire);
      const what = `a message from ${message.from} to ${message.to}`;
      if (message.from !== from || message.to !== this.#identity.self.id) {
        this.#observer.misdirected(from, what);
      } else if (message.type === "snapshot") {
        this.#observer.misdirected(from, `${what}: a snapshot without its state`);
      } else {
        messages.push(message);
      }
    }
    this.#handlers.messages(messages);
    if (batch.report) this.#handlers.report(from, reportFromWire(batch.report));
  }
}
