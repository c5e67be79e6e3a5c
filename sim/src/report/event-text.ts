import type { TraceEvent } from "../trace.js";
import { nodeName } from "../node-names.js";
import { messageText } from "./message-text.js";
import { shownSeconds } from "./numbers.js";

/** One event for people: where it happened, and what. */
export interface EventText {
  /** `n1`, `n1 → n2`, `world`, `client 7 → n2`. */
  readonly where: string;
  readonly what: string;
}

export function eventText(event: TraceEvent): EventText {
  switch (event.type) {
    case "sent":
      return {
        ...onLink(event.message, "→"),
        what: `${withTerm(event.message)}; arrives ${shownSeconds(event.deliverAtMs)}`,
      };
    case "delivered":
      return { ...onLink(event.message, "⇒"), what: withTerm(event.message) };
    case "lost":
      return { ...onLink(event.message, "↛"), what: `${withTerm(event.message)}; lost: ${WHY[event.why]}` };
    case "role":
      return { where: event.node, what: roleText(event) };
    case "committed":
      return { where: event.node, what: `commits up to ${event.index}/${event.term}` };
    case "applied":
      return { where: event.node, what: `has applied up to ${event.index}` };
    case "synced":
      return {
        where: event.node,
        what: `synced ${event.bytes} bytes in ${Number(event.tookMs.toFixed(3))} ms`,
      };
    case "started":
      return { where: event.node, what: `STARTED with a log up to ${event.lastIndex}, term ${event.term}` };
    case "stopped":
      return { where: event.node, what: `STOPPED: ${event.reason}` };
    case "paused":
      return { where: event.node, what: "PAUSED" };
    case "resumed":
      return { where: event.node, what: "RESUMED" };
    case "disk":
      return { where: event.node, what: `DISK: ${event.what}` };
    case "fault":
      return { where: "world", what: `FAULT: ${event.what}` };
    case "invoked":
      return { where: `client ${event.process} → ${event.node}`, what: event.what };
    case "completed":
      return { where: `client ${event.process} ⇐ ${event.node}`, what: `${event.outcome}: ${event.what}` };
    case "snapshot":
      return {
        where: `${event.node} → ${event.to}`,
        what: `SNAPSHOT up to ${event.index}: ${event.what}`,
      };
    case "phase":
      break;
  }
  return { where: "world", what: `PHASE: ${event.phase}` };
}

const WHY = {
  chance: "by chance",
  cut: "the link is cut",
  dead: "nobody is there",
  clogged: "the link is clogged",
  reset: "the connection was reset",
} as const;

/** The nodes that an event is about; none for the world's own. */
export function nodesOf(event: TraceEvent): readonly string[] {
  if ("message" in event) return [nodeName(event.message.from), nodeName(event.message.to)];
  if (event.type === "snapshot") return [event.node, event.to];
  return "node" in event ? [event.node] : [];
}

type Sent = Extract<TraceEvent, { readonly type: "sent" }>;

function onLink({ from, to }: Sent["message"], arrow: string): { readonly where: string } {
  return { where: `${nodeName(from)} ${arrow} ${nodeName(to)}` };
}

function withTerm(message: Sent["message"]): string {
  return `[term ${message.term}] ${messageText(message)}`;
}

function roleText({ role, term, leader }: Extract<TraceEvent, { readonly type: "role" }>): string {
  if (role === "leader") return `LEADER of term ${term}`;
  const known = leader === null ? "knows no leader" : `follows ${leader}`;
  return `${role} in term ${term}${role === "follower" ? `, ${known}` : ""}`;
}
