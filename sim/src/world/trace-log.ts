import type { MemberId, Message, Report, Role } from "@gauntlet/server/inside";
import { nodeName } from "../node-names.js";
import type { TraceEvent, TraceListener } from "../trace.js";
import type { Loop } from "./loop.js";

export type LossReason = "chance" | "cut" | "dead" | "clogged" | "reset";

/** Reports are in the hash only: each is much like the one before. */
const REPORTED = 18;

/** How each kind of event begins in the hash. Their order is of no meaning, but changing it changes all hashes. */
const KIND = {
  sent: 1,
  delivered: 2,
  lost: 3,
  role: 4,
  committed: 5,
  applied: 6,
  synced: 7,
  started: 8,
  stopped: 9,
  paused: 10,
  resumed: 11,
  disk: 12,
  fault: 13,
  invoked: 14,
  completed: 15,
  phase: 16,
  snapshot: 17,
} as const satisfies Record<TraceEvent["type"], number>;

const LOSS: Readonly<Record<LossReason, number>> = { chance: 1, cut: 2, dead: 3, clogged: 4, reset: 5 };
const ROLE: Readonly<Record<Role, number>> = { follower: 1, "pre-candidate": 2, candidate: 3, leader: 4 };
const OUTCOME = { ok: 1, fail: 2, info: 3 } as const;

/**
 * All that happens in one world: each event goes into a running hash as a few integers, and is made an object
 * only where somebody listens. Equal hashes: equal runs, but for 2^-64.
 */
export class TraceLog {
  listener: TraceListener | null = null;
  /** Events so far, by what they are. */
  readonly counts = { messages: 0, lost: 0, elections: 0, syncs: 0 };

  private readonly loop: Loop;
  private a = 0x2545f491;
  private b = 0x6c078965;

  constructor(loop: Loop) {
    this.loop = loop;
  }

  /** Hexadecimal. */
  hash(): string {
    return [this.a, this.b].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }

  sent(message: Message, deliverAtUs: number): void {
    this.counts.messages++;
    this.mix(KIND.sent, this.messageWord(message), deliverAtUs | 0);
    this.listener?.(this.loop.nowMs, { type: "sent", message, deliverAtMs: deliverAtUs / 1000 });
  }

  delivered(message: Message): void {
    this.mix(KIND.delivered, this.messageWord(message), 0);
    this.listener?.(this.loop.nowMs, { type: "delivered", message });
  }

  lost(message: Message, why: LossReason): void {
    this.counts.lost++;
    this.mix(KIND.lost, this.messageWord(message), LOSS[why]);
    this.listener?.(this.loop.nowMs, { type: "lost", message, why });
  }

  role(id: MemberId, role: Role, term: number, leader: MemberId | null): void {
    if (role === "leader") this.counts.elections++;
    this.mix(KIND.role, (id << 8) | ROLE[role], (term << 8) ^ (leader ?? 0));
    const named = leader === null ? null : nodeName(leader);
    this.listener?.(this.loop.nowMs, { type: "role", node: nodeName(id), role, term, leader: named });
  }

  committed(id: MemberId, index: number, term: number): void {
    this.mix(KIND.committed, (id << 24) ^ index, term);
    this.listener?.(this.loop.nowMs, { type: "committed", node: nodeName(id), index, term });
  }

  applied(id: MemberId, index: number): void {
    this.mix(KIND.applied, id, index);
    this.listener?.(this.loop.nowMs, { type: "applied", node: nodeName(id), index });
  }

  synced(id: MemberId, bytes: number, tookMs: number): void {
    this.counts.syncs++;
    this.mix(KIND.synced, id, (bytes << 12) ^ ((tookMs * 1000) | 0));
    this.listener?.(this.loop.nowMs, { type: "synced", node: nodeName(id), bytes, tookMs });
  }

  invoked(process: number, id: MemberId, what: string): void {
    this.mix(KIND.invoked, process, id);
    this.listener?.(this.loop.nowMs, { type: "invoked", process, node: nodeName(id), what });
  }

  completed(process: number, id: MemberId, outcome: "ok" | "fail" | "info", what: string): void {
    this.mix(KIND.completed, process, (id << 8) | OUTCOME[outcome]);
    this.listener?.(this.loop.nowMs, { type: "completed", process, node: nodeName(id), outcome, what });
  }

  reported(from: MemberId, to: MemberId, { alarms, hashes }: Report): void {
    const newest = hashes.at(-1);
    this.mix(REPORTED, (from << 16) | (to << 8) | alarms.length, (newest?.hash ?? 0) ^ (newest?.index ?? 0));
  }

  /** Of a snapshot's transfer: `what` became of it. */
  snapshot(message: Message, what: string): void {
    const [node, to] = [nodeName(message.from), nodeName(message.to)];
    const index = message.type === "snapshot" ? message.snapshot.index : 0;
    this.event({ type: "snapshot", node, to, index, what });
  }

  /** For what happens seldom: its text goes into the hash whole. */
  event(event: TraceEvent): void {
    const text = JSON.stringify(event);
    let word = 0;
    for (let at = 0; at < text.length; at++) word = Math.imul(word ^ text.charCodeAt(at), 0x01000193);
    this.mix(KIND[event.type], word, text.length);
    this.listener?.(this.loop.nowMs, event);
  }

  private messageWord(message: Message): number {
    const word = Math.imul((message.from << 16) ^ (message.to << 8) ^ message.type.length, 0x9e3779b1);
    return Math.imul(word ^ bodyWord(message), 0x85ebca77) ^ message.term;
  }

  private mix(kind: number, x: number, y: number): void {
    const at = this.loop.nowUs | 0;
    let { a, b } = this;
    a = Math.imul(((a << 5) | (a >>> 27)) ^ at, 0x9e3779b1) + kind;
    b = Math.imul(((b << 13) | (b >>> 19)) + at, 0x85ebca77) ^ kind;
    a = Math.imul(((a << 5) | (a >>> 27)) ^ x, 0x9e3779b1);
    b = Math.imul(((b << 13) | (b >>> 19)) + x, 0x85ebca77);
    this.a = Math.imul(((a << 5) | (a >>> 27)) ^ y, 0x9e3779b1);
    this.b = Math.imul(((b << 13) | (b >>> 19)) + y, 0x85ebca77);
  }
}

/** What tells one message of a type and term from another, roughly: they are told apart by what follows, too. */
function bodyWord(message: Message): number {
  switch (message.type) {
    case "append":
      return (message.prevIndex << 8) ^ (message.entries.length << 24) ^ message.commit;
    case "append-accepted":
      return message.matchIndex;
    case "append-rejected":
      return (message.rejectedPrevIndex << 8) ^ message.hintIndex ^ (message.lost ? 1 << 30 : 0);
    case "heartbeat":
      return (message.commit << 8) ^ message.round;
    case "heartbeat-response":
      return message.round;
    case "vote-request":
      return (message.lastIndex << 8) ^ message.lastTerm ^ (message.pre ? 1 << 30 : 0);
    case "vote-response":
      return (message.granted ? 2 : 0) | (message.pre ? 1 : 0);
    case "read-request":
      return message.id | 0;
    case "read-response":
      return (message.id ^ ((message.index ?? -1) << 8)) | 0;
    case "propose":
    case "propose-change":
    case "proposals-refused":
      return message.id | 0;
    case "snapshot":
      return message.snapshot.index;
    case "timeout-now":
      return 1;
    default:
      throw new Error(`no such message: ${JSON.stringify(message satisfies never)}`);
  }
}
