import type { Message, Role } from "@gauntlet/server/inside";

/**
 * What happened in the world, in order. Every event goes into the run's hash; it is kept only where somebody wants
 * to read it. `node` is n1, n2, …; times are virtual milliseconds since the world began.
 */
export type TraceEvent =
  | { readonly type: "sent"; readonly message: Message; readonly deliverAtMs: number }
  | { readonly type: "delivered"; readonly message: Message }
  | {
      readonly type: "lost";
      readonly message: Message;
      readonly why: "chance" | "cut" | "dead" | "clogged" | "reset";
    }
  | {
      readonly type: "role";
      readonly node: string;
      readonly role: Role;
      readonly term: number;
      readonly leader: string | null;
    }
  | { readonly type: "committed"; readonly node: string; readonly index: number; readonly term: number }
  | { readonly type: "applied"; readonly node: string; readonly index: number }
  | { readonly type: "synced"; readonly node: string; readonly bytes: number; readonly tookMs: number }
  | { readonly type: "started"; readonly node: string; readonly lastIndex: number; readonly term: number }
  /** `reason`: killed, power lost, or what the server said when it stopped itself. */
  | { readonly type: "stopped"; readonly node: string; readonly reason: string }
  | { readonly type: "paused" | "resumed"; readonly node: string }
  | { readonly type: "disk"; readonly node: string; readonly what: string }
  | { readonly type: "fault"; readonly what: string }
  | { readonly type: "invoked"; readonly process: number; readonly node: string; readonly what: string }
  | {
      readonly type: "completed";
      readonly process: number;
      readonly node: string;
      readonly outcome: "ok" | "fail" | "info";
      readonly what: string;
    }
  /** Of the transfer of a snapshot: `what` is begun, done, or how it failed. */
  | {
      readonly type: "snapshot";
      readonly node: string;
      readonly to: string;
      readonly index: number;
      readonly what: string;
    }
  | { readonly type: "phase"; readonly phase: "load" | "healing" | "final reads" | "done" };

export interface Traced {
  readonly atMs: number;
  readonly event: TraceEvent;
}

/** Told of everything, as it happens. */
export type TraceListener = (atMs: number, event: TraceEvent) => void;
