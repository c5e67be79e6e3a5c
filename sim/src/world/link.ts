import type { PacketCounts, PacketShape } from "@gauntlet/nemesis";
import type { MemberId, Message, Report } from "@gauntlet/server/inside";
import type { Task } from "./loop.js";

/** Where messages to a machine end. */
export interface Receiver {
  /** `dead`: nobody listens; `paused`: the kernel keeps what arrives. */
  readonly reception: "open" | "paused" | "dead";
  receive(messages: readonly Message[]): void;
  receiveReport(from: MemberId, report: Report): void;
  /** Resolves when the server has taken in a snapshot, whose state the chunks are. */
  receiveSnapshot(message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Runs the task once the process goes on. */
  hold(task: Task): void;
}

/** One direction of silence, as seen from the host that drops. */
export interface LinkCut {
  readonly peer: MemberId;
  readonly direction: "in" | "out" | "both";
}

type Counts = { -readonly [Name in keyof PacketCounts]: number };

export function noCounts(): Counts {
  return { lost: 0, delayed: 0, reordered: 0, duplicated: 0, slowed: 0 };
}

/** Messages on their way together. */
export interface Batch {
  readonly messages: Message[];
  /** When it is due. */
  readonly timeUs: number;
}

/** A machine at the network: its rules and what they did. */
export class Port {
  readonly id: MemberId;
  readonly receiver: Receiver;
  cuts: readonly LinkCut[] = [];
  dropped = new Map<MemberId, number>();

  constructor(id: MemberId, receiver: Receiver) {
    this.id = id;
    this.receiver = receiver;
  }

  drop(peer: MemberId): void {
    this.dropped.set(peer, (this.dropped.get(peer) ?? 0) + 1);
  }
}

/** One direction between two machines. Messages keep their order but for those that are held up. */
export class Link {
  readonly from: Port;
  readonly to: Port;
  /** Dropped at the sender, dropped at the receiver. */
  cutOut = false;
  cutIn = false;
  /** null: none but the network's own delays and losses, the fast case. */
  shape: PacketShape | null = null;
  counts: Counts = noCounts();
  /** The newest delivery that keeps the order; null: it has happened. */
  newest: Batch | null = null;
  /** Ends with a reset: what left before it does not arrive. */
  era = 0;
  /** When the last message was sent that keeps the order. */
  sentAtUs = -1;
  /** Until then the link is busy, where its rate is limited. */
  busyUntilMs = 0;

  constructor(from: Port, to: Port) {
    this.from = from;
    this.to = to;
  }
}
