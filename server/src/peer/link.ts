import { Client, credentials, status } from "@grpc/grpc-js";
import type { ClientWritableStream, Metadata } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import type { gauntletpeer } from "@gauntlet/proto";
import type { Member } from "../identity.js";
import type { Clock } from "../ports.js";
import type { Message } from "../raft/message.js";
import { approximateBytes, toWire } from "./codec.js";
import { channelOptions } from "./options.js";
import type { PeerOptions } from "./options.js";
import { answersHttp2 } from "./probe.js";

type Stream = ClientWritableStream<gauntletpeer.PeerBatch.$Properties>;

/** Why a connection ended or never came to be. `refused`: the peer answered, and said no. */
export interface LinkEnd {
  readonly kind: "unreachable" | "lost" | "refused";
  readonly reason: string;
}

export interface LinkObserver {
  connected(peer: Member): void;
  disconnected(peer: Member, end: LinkEnd): void;
  dropped(peer: Member, messages: number): void;
  sent(peer: Member, messages: number): void;
}

/**
 * The connection to one peer: dials, dials again, and sends batches, one a turn. Messages queue while a
 * connection is up or hoped for; once a dial has failed they are dropped until the next one succeeds, so that a
 * healed network carries what is true now and not what was true before the cut.
 */
export class PeerLink {
  readonly #peer: Member;

  readonly #introduction: Metadata;

  readonly #options: PeerOptions;

  readonly #clock: Clock;

  readonly #observer: LinkObserver;

  #queue: Message[] = [];

  #queuedBytes = 0;

  #flushQueued = false;

  /** The stream, once the peer has accepted it. */
  #stream: Stream | null = null;

  /** The stream holds as much as it should: wait for its drain. */
  #full = false;

  #hopeful = true;

  #stopped = false;

  /** Ends the present attempt, connection or pause. */
  #interrupt: () => void = () => undefined;

  constructor(
    peer: Member,
    introduction: Metadata,
    options: PeerOptions,
    clock: Clock,
    observer: LinkObserver,
  ) {
    this.#peer = peer;
    this.#introduction = introduction;
    this.#options = options;
    this.#clock = clock;
    this.#observer = observer;
  }

  /** Dials until stop(); resolves then. */
  async run(): Promise<void> {
    let backoffMs = 0;
    while (!this.#stopped) {
      const end = await this.#connectOnce();
      if (this.#stopped) return;
      this.#observer.disconnected(this.#peer, end);
      this.#hopeful = end.kind === "lost";
      if (!this.#hopeful) this.#dropQueue();
      const { firstBackoffMs, maxBackoffMs } = this.#options;
      backoffMs =
        end.kind === "lost" ? firstBackoffMs : Math.min(2 * backoffMs || firstBackoffMs, maxBackoffMs);
      await this.#pause(backoffMs);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#interrupt();
    this.#queue = [];
  }

  send(message: Message): void {
    const bytes = approximateBytes(message);
    const { maxQueuedMessages, maxQueuedBytes } = this.#options;
    const full = this.#queue.length >= maxQueuedMessages || this.#queuedBytes + bytes > maxQueuedBytes;
    if (!this.#hopeful || full) {
      this.#observer.dropped(this.#peer, 1);
      return;
    }
    this.#queue.push(message);
    this.#queuedBytes += bytes;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushQueued || this.#stream === null || this.#full) return;
    this.#flushQueued = true;
    this.#clock.soon(() => {
      this.#flushQueued = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#stream !== null && !this.#full && this.#queue.length > 0) {
      const messages = this.#takeBatch();
      this.#observer.sent(this.#peer, messages.length);
      this.#full = !this.#stream.write({ messages: messages.map(toWire) });
    }
  }

  #takeBatch(): Message[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && bytes < this.#options.maxBatchBytes) {
      const message = this.#queue[count];
      if (message !== undefined) bytes += approximateBytes(message);
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #dropQueue(): void {
    if (this.#queue.length > 0) this.#observer.dropped(this.#peer, this.#queue.length);
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(delayMs, resolve);
      this.#interrupt = () => {
        cancel();
        resolve();
      };
    });
  }

  /** One connection from its dial to its end. */
  async #connectOnce(): Promise<LinkEnd> {
    const { dialTimeoutMs } = this.#options;
    if (!(await answersHttp2(this.#peer.peerUrl, dialTimeoutMs)) || this.#stopped) {
      return { kind: "unreachable", reason: `no answer from ${this.#peer.peerUrl}` };
    }
    const target = new URL(this.#peer.peerUrl).host;
    const client = new Client(target, credentials.createInsecure(), channelOptions(this.#options));
    try {
      return await this.#useStream(client);
    } finally {
      this.#stream = null;
      this.#full = false;
      client.close();
    }
  }

  #useStream(client: Client): Promise<LinkEnd> {
    return new Promise((resolve) => {
      let timedOut = false;
      const { path, requestSerialize, responseDeserialize } = peerService.send;
      const stream: Stream = client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        this.#introduction,
        (error) => {
          cancelTimer();
          const told = error?.details ?? "the peer ended the stream";
          const reason = timedOut ? `no answer within ${this.#options.dialTimeoutMs} ms` : told;
          const refused = error?.code === status.FAILED_PRECONDITION;
          const lost = this.#stream === null ? "unreachable" : "lost";
          resolve({ kind: refused ? "refused" : lost, reason });
        },
      );
      const cancelTimer = this.#clock.after(this.#options.dialTimeoutMs, () => {
        timedOut = true;
        stream.cancel();
      });
      this.#interrupt = () => stream.cancel();
      // The peer sends its headers when it has accepted the introduction.
      stream.once("metadata", () => {
        cancelTimer();
        this.#stream = stream;
        this.#hopeful = true;
        this.#observer.connected(this.#peer);
        this.#flush();
      });
      stream.on("drain", () => {
        this.#full = false;
        this.#flush();
      });
      stream.on("error", () => undefined); // told to the callback above
    });
  }
}
