import type { MemberId, Message } from "@gauntlet/server/inside";
import { asError } from "../errors.js";
import { Channel, SILENCE_MS, type Wire } from "./channel.js";

/** Takes a snapshot in at the receiver's server: resolves when it has it all. */
export type Install = (message: Message, chunks: AsyncIterable<Uint8Array>) => Promise<void>;

export type TransferEnd = { readonly type: "done" } | { readonly type: "failed"; readonly reason: string };

type Down =
  | { readonly type: "open" }
  | { readonly type: "part"; readonly bytes: Uint8Array; readonly endsChunk: boolean }
  | { readonly type: "end" }
  | { readonly type: "ping" }
  | { readonly type: "reset"; readonly reason: string };

type Up =
  | { readonly type: "taken"; readonly bytes: number }
  | { readonly type: "done" }
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "pong" };

/** What travels at once: a chunk is many of them, so that what happens may happen within it. */
const PART_BYTES = 4096;
/** Sent and not taken by the server there. */
const WINDOW_BYTES = 1024 * 1024;
const FRAME_BYTES = 64;

/**
 * One snapshot on its way: a connection of its own. Both ends find it broken when the other is gone, be it by its word
 * or by its silence; each by itself, and not at the same time.
 */
export class Transfer {
  readonly from: MemberId;
  readonly to: MemberId;
  private readonly wire: Wire;
  private readonly message: Message;
  private readonly install: Install;
  private readonly onEnd: (end: TransferEnd) => void;
  private readonly down: Channel<Down>;
  private readonly up: Channel<Up>;
  private readonly inbox = new Inbox((bytes) => this.up.send({ type: "taken", bytes }, FRAME_BYTES));
  private assembled: Uint8Array[] = [];
  private inFlightBytes = 0;
  private heardMs = { sender: 0, receiver: 0 };
  private isOver = { sender: false, receiver: false };
  private isTaken = false;
  private whenRoom: (() => void) | null = null;
  private resolve: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  constructor(
    wire: Wire,
    [from, to]: readonly [MemberId, MemberId],
    message: Message,
    install: Install,
    onEnd: (end: TransferEnd) => void,
  ) {
    this.from = from;
    this.to = to;
    this.wire = wire;
    this.message = message;
    this.install = install;
    this.onEnd = onEnd;
    this.down = new Channel(
      wire,
      [from, to],
      (item) => this.atReceiver(item),
      (reason) => this.senderEnds(reason),
    );
    this.up = new Channel(
      wire,
      [to, from],
      (item) => this.atSender(item),
      (reason) => this.receiverEnds(reason),
    );
  }

  send(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.heardMs = { sender: this.wire.loop.nowMs, receiver: this.wire.loop.nowMs };
      this.down.send({ type: "open" }, FRAME_BYTES);
      this.watch();
      this.pump(chunks).catch((error: unknown) => this.senderEnds(asError(error).message));
    });
  }

  /** A process is gone. Its machine tells the other side, or, if that lost its power, says nothing. */
  processEnded(member: MemberId, isTold: boolean): void {
    const reason = "the other process ended";
    if (member === this.from) {
      this.isOver.sender = true;
      this.whenRoom = null;
      this.onEnd({ type: "failed", reason: "the sender ended" });
      if (isTold) this.down.send({ type: "reset", reason }, FRAME_BYTES);
      this.up.isClosed = true;
    } else {
      this.isOver.receiver = true;
      if (isTold) this.up.send({ type: "refused", reason }, FRAME_BYTES);
      this.down.isClosed = true;
    }
  }

  /** Both machines find the connection gone, each process when it goes on. */
  connectionReset(): void {
    const reason = "connection reset";
    this.wire.inProcess(this.from, () => this.senderEnds(reason));
    this.wire.inProcess(this.to, () => this.receiverEnds(reason));
  }

  get isClosed(): boolean {
    return this.isOver.sender && this.isOver.receiver;
  }

  // ---- the sender's side

  private async pump(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) {
      this.inFlightBytes += chunk.length;
      // The sender may use its memory again.
      const copy = Uint8Array.from(chunk);
      for (let at = 0; at === 0 || at < copy.length; at += PART_BYTES) {
        const bytes = copy.subarray(at, at + PART_BYTES);
        const endsChunk = at + PART_BYTES >= copy.length;
        this.down.send({ type: "part", bytes, endsChunk }, bytes.length + FRAME_BYTES);
      }
      while (this.inFlightBytes >= WINDOW_BYTES && !this.isOver.sender) {
        await new Promise<void>((resolve) => {
          this.whenRoom = resolve;
        });
      }
      // Leaves the loop, so that whoever makes the chunks is told.
      if (this.isOver.sender) return;
    }
    this.down.send({ type: "end" }, FRAME_BYTES);
  }

  private atSender(item: Up): void {
    if (this.isOver.sender) return;
    this.wire.loop.settle();
    this.heardMs.sender = this.wire.loop.nowMs;
    switch (item.type) {
      case "pong":
        return;
      case "taken":
        this.inFlightBytes -= item.bytes;
        return this.goOn();
      case "refused":
        return this.senderEnds(item.reason);
      case "done":
        this.isOver = { sender: true, receiver: true };
        this.down.isClosed = true;
        this.onEnd({ type: "done" });
        this.resolve();
        return this.goOn();
      default:
        throw new Error(`no such frame: ${JSON.stringify(item satisfies never)}`);
    }
  }

  private goOn(): void {
    const { whenRoom } = this;
    this.whenRoom = null;
    whenRoom?.();
  }

  private senderEnds(reason: string): void {
    if (this.isOver.sender) return;
    this.isOver.sender = true;
    this.down.send({ type: "reset", reason }, FRAME_BYTES);
    this.up.isClosed = true;
    // A connection that was never taken is not taken any more.
    this.isOver.receiver ||= !this.isTaken;
    this.wire.loop.settle();
    this.onEnd({ type: "failed", reason });
    this.reject(new Error(`the snapshot was not taken: ${reason}`));
    this.goOn();
  }

  // ---- the receiver's side

  private atReceiver(item: Down): void {
    if (this.isOver.receiver) return;
    this.wire.loop.settle();
    this.heardMs.receiver = this.wire.loop.nowMs;
    switch (item.type) {
      case "open":
        this.isTaken = true;
        this.install(this.message, this.inbox).then(
          () => this.answer({ type: "done" }),
          (error: unknown) => this.answer({ type: "refused", reason: asError(error).message }),
        );
        return;
      case "part":
        this.assembled.push(item.bytes);
        if (!item.endsChunk) return;
        this.inbox.push(Buffer.concat(this.assembled));
        this.assembled = [];
        return;
      case "end":
        return this.inbox.end(null);
      case "ping":
        return this.up.send({ type: "pong" }, FRAME_BYTES);
      case "reset":
        return this.receiverEnds(item.reason);
      default:
        throw new Error(`no such frame: ${JSON.stringify(item satisfies never)}`);
    }
  }

  private answer(item: Up): void {
    if (this.isOver.receiver) return;
    this.isOver.receiver = true;
    this.up.send(item, FRAME_BYTES);
  }

  private receiverEnds(reason: string): void {
    if (this.isOver.receiver) return;
    this.isOver.receiver = true;
    this.down.isClosed = true;
    this.wire.loop.settle();
    this.inbox.end(new Error(`the snapshot did not come whole: ${reason}`));
  }

  // ---- silence

  private watch(): void {
    const { wire } = this;
    wire.loop.after(SILENCE_MS / 2, () => {
      if (this.isClosed) return;
      const isSilent = (heardMs: number): boolean => wire.loop.nowMs - heardMs >= SILENCE_MS;
      if (!this.isOver.sender) {
        this.down.send({ type: "ping" }, FRAME_BYTES);
        wire.inProcess(this.from, () => {
          if (isSilent(this.heardMs.sender)) this.senderEnds("the receiver is silent");
        });
      }
      if (!this.isOver.receiver) {
        wire.inProcess(this.to, () => {
          if (isSilent(this.heardMs.receiver)) this.receiverEnds("the sender is silent");
        });
      }
      this.watch();
    });
  }
}

/** Chunks that came, for the one that asks for them. */
class Inbox implements AsyncIterable<Uint8Array> {
  private readonly chunks: Uint8Array[] = [];
  private readonly onTaken: (bytes: number) => void;
  private ending: { readonly error: Error | null } | null = null;
  private wake: () => void = () => undefined;

  constructor(onTaken: (bytes: number) => void) {
    this.onTaken = onTaken;
  }

  push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.wake();
  }

  /** Null: that was all. */
  end(error: Error | null): void {
    this.ending ??= { error };
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) {
        this.onTaken(chunk.length);
        yield chunk;
      } else if (this.ending === null) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      } else {
        if (this.ending.error !== null) throw this.ending.error;
        return;
      }
    }
  }
}
