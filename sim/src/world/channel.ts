import type { MemberId } from "@gauntlet/server/inside";
import { Alarm, type Loop } from "./loop.js";

/** Something on its way from one machine to another. Exactly one of its methods is called, once. */
export interface Parcel {
  /** The process there takes it. */
  arrive(): void;
  /** On the way: nobody is told. */
  lost(): void;
  /** The machine answers that nobody listens. */
  unwanted(): void;
}

/** Carries parcels with the delays, losses and cuts of the world. */
export interface Wire {
  readonly loop: Loop;
  carry(from: MemberId, to: MemberId, bytes: number, parcel: Parcel): void;
  /** Runs the callback in the process of `member`: once it goes on, if it is paused; never, if it is gone. */
  inProcess(member: MemberId, callback: () => void): void;
}

/** What a network that loses a packet costs a connection: Linux's least retransmission timeout. */
const RETRANSMISSION_MS = 200;

/** After so long without a sign of the other side a connection counts as broken. */
export const SILENCE_MS = 3000;

/** One direction of a connection: all that is sent arrives once and in order, or the connection breaks. */
export class Channel<Item> {
  private readonly wire: Wire;
  private readonly from: MemberId;
  private readonly to: MemberId;
  private readonly deliver: (item: Item) => void;
  /** The sender's side is told. */
  private readonly onBroken: (reason: string) => void;
  private nextSent = 0;
  private nextDelivered = 0;
  /** Came before their turn. */
  private readonly early = new Map<number, Item>();
  isClosed = false;

  constructor(
    wire: Wire,
    [from, to]: readonly [MemberId, MemberId],
    deliver: (item: Item) => void,
    onBroken: (reason: string) => void,
  ) {
    this.wire = wire;
    this.from = from;
    this.to = to;
    this.deliver = deliver;
    this.onBroken = onBroken;
  }

  send(item: Item, bytes: number): void {
    if (!this.isClosed) this.transmit(this.nextSent++, item, bytes, this.wire.loop.nowMs);
  }

  private transmit(number: number, item: Item, bytes: number, firstMs: number): void {
    const { loop } = this.wire;
    this.wire.carry(this.from, this.to, bytes, {
      arrive: () => this.arrived(number, item),
      lost: () => {
        if (this.isClosed) return;
        if (loop.nowMs - firstMs >= SILENCE_MS) return this.onBroken("the other side is silent");
        loop.schedule(
          new Alarm(() => {
            if (!this.isClosed) this.transmit(number, item, bytes, firstMs);
          }),
          RETRANSMISSION_MS,
        );
      },
      unwanted: () => {
        if (!this.isClosed) this.wire.inProcess(this.from, () => this.onBroken("connection refused"));
      },
    });
  }

  private arrived(number: number, item: Item): void {
    this.early.set(number, item);
    for (;;) {
      const next = this.early.get(this.nextDelivered);
      if (next === undefined || this.isClosed) return;
      this.early.delete(this.nextDelivered++);
      this.deliver(next);
    }
  }
}
