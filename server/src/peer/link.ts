import { status } from "@grpc/grpc-js";
import type { Client, ClientWritableStream, Metadata } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import type { gauntletpeer } from "@gauntlet/proto";
import type { Member } from "../identity.js";
import type { Clock } from "../ports.js";
import type { Message } from "../raft/message.js";
import type { Report } from "../replica/report.js";
import { peerClient } from "./client.js";
import { approximateBytes, toWire } from "./codec.js";
import { linkOptions } from "./options.js";
import type { PeerOptions } from "./options.js";
import { answersHttp2 } from "./probe.js";
import { REMOVED } from "./protocol.js";
import { reportToWire } from "./report-codec.js";

type Stream = ClientWritableStream<gauntletpeer.PeerBatch.$Properties>;

/** Why a connection ended or never came to be. `refused`: the peer answered, and said no; `removed`: because we are no member any more. */
export interface LinkEnd {
  readonly kind: "unreachable" | "lost" | "refused" | "removed";
  readonly reason: string;
}

export interface LinkObserver {
  connected(peer: Member): void;
  disconnected(peer: Member, end: LinkEnd): void;
  dropped(peer: Member, messages: number): void;
  sent(peer: Member, messages: number): void;
}

/**
 * The connection to one peer: dials its addresses in turn, dials again, and sends batches, one a turn. Messages queue while a
 * connection is up or hoped for; once a dial has failed they are dropped until the next one succeeds, so that a
 * healed network carries what is true now and not what was true before the cut.
 */
export class PeerLink {
  #peer: Member;

  readonly #introduction: Metadata;

  readonly #options: PeerOptions;

  readonly #clock: Clock;

  readonly #observer: LinkObserver;

  #queue: Message[] = [];

  #queuedBytes = 0;

  /** Waits for the next batch; a later one takes its place. */
  #report: Report | null = null;

  /** What is dialled now, or is connected. */
  #url = "";

  #connectedAtMs = 0;

  /** Dials in vain since the last connection. */
  #failures = 0;

  /** The peer has other addresses than those that were tried. */
  #moved = false;

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
    while (!this.#stopped) {
      const urls = this.#peer.peerUrls;
      this.#url = urls[this.#failures % urls.length] ?? "";
      this.#moved = false;
      const end = await this.#connectOnce();
      if (this.#stopped) return;
      this.#observer.disconnected(this.#peer, end);
      this.#hopeful = end.kind === "lost";
      if (!this.#hopeful) this.#dropQueue();
      this.#failures = this.#hopeful || this.#moved ? 0 : this.#failures + 1;
      if (!this.#moved) await this.#pause(this.#backoffMs());
    }
  }

  /** Other addresses, or another name. A connection stays that is to one of them. */
  moveTo(peer: Member): void {
    const before = this.#peer;
    this.#peer = peer;
    if (peer.peerUrls.join(" ") === before.peerUrls.join(" ")) return;
    if (this.#stream !== null && peer.peerUrls.includes(this.#url)) return;
    this.#moved = true;
    this.#failures = 0;
    this.#interrupt();
  }

  /** By the monotonic clock; null: it is not connected. */
  get connectedSinceMs(): number | null {
    return this.#stream === null ? null : this.#connectedAtMs;
  }

  /** The address to which it is connected; null: to none. */
  get connectedUrl(): string | null {
    return this.#stream === null ? null : this.#url;
  }

  get introduction(): Metadata {
    return this.#introduction;
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

  /** Nothing waits for a connection: the next report will say the same or better. */
  report(report: Report): void {
    if (this.#stream === null) return;
    this.#report = report;
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

  /** One batch: to encode all that a peer lags behind, 16 MiB, would hold up everything else for 100 ms. */
  #flush(): void {
    if (this.#stream === null || this.#full || (this.#queue.length === 0 && this.#report === null)) return;
    const messages = this.#takeBatch();
    const report = this.#report === null ? null : reportToWire(this.#report);
    this.#report = null;
    this.#observer.sent(this.#peer, messages.length);
    this.#full = !this.#stream.write({ messages: messages.map(toWire), report });
    if (this.#queue.length > 0) this.#flushSoon();
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

  /** Once all addresses were tried, longer with each round. */
  #backoffMs(): number {
    const { firstBackoffMs, maxBackoffMs } = this.#options;
    const rounds = Math.floor(this.#failures / Math.max(1, this.#peer.peerUrls.length));
    return Math.min(firstBackoffMs * 2 ** Math.max(0, Math.min(rounds, 16) - 1), maxBackoffMs);
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
    const url = this.#url;
    if (!(await answersHttp2(url, dialTimeoutMs)) || this.#stopped || this.#moved) {
      return { kind: "unreachable", reason: `no answer from ${url}` };
    }
    const client = peerClient(url, linkOptions(this.#options));
    try {
      return await this.#useStream(client);
    } finally {
      this.#stream = null;
      this.#report = null;
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
          resolve({ kind: this.#kindOf(error?.code), reason });
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
        this.#connectedAtMs = this.#clock.monotonicMs();
        this.#failures = 0;
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

  #kindOf(code: status | undefined): LinkEnd["kind"] {
    if (code === REMOVED) return "removed";
    if (code === status.FAILED_PRECONDITION) return "refused";
    return this.#stream === null ? "unreachable" : "lost";
  }
}
