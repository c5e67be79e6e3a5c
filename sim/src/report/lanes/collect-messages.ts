import type { Message } from "@gauntlet/server/inside";
import type { TraceEvent, Traced } from "../../trace.js";
import { eventText } from "../event-text.js";
import { nodeName } from "../../node-names.js";
import { messageText } from "../message-text.js";
import type { Texts } from "./collect.js";
import type { MessageColumns } from "./data.js";

interface Flight {
  sentAtMs: number;
  endAtMs: number;
  message: Message;
  isLost: boolean;
  text: string;
}

/**
 * From where each message left to where it arrived or was lost. The world hands on the message itself, so that what is
 * delivered is known to be what was sent; one that was doubled was sent twice.
 */
export function collectMessages(
  trace: readonly Traced[],
  names: readonly string[],
  texts: Texts,
  endMs: number,
): MessageColumns {
  const flights: Flight[] = [];
  const underWay = new Map<Message, Flight[]>();
  for (const { atMs, event } of trace) {
    if (event.type === "sent") {
      const { message, deliverAtMs } = event;
      const text = `term ${message.term}: ${messageText(message)}`;
      const flight = { sentAtMs: atMs, endAtMs: Math.min(deliverAtMs, endMs), message, isLost: false, text };
      flights.push(flight);
      underWay.set(message, [...(underWay.get(message) ?? []), flight]);
    } else if (event.type === "delivered" || event.type === "lost") {
      const flight = landing(underWay, atMs, event.message);
      if (flight !== null) flight.endAtMs = atMs;
      if (event.type === "lost") loseOne(flights, flight, atMs, event);
    }
  }
  const node = (id: number): number => names.indexOf(nodeName(id));
  return {
    sentAt: flights.map(({ sentAtMs }) => rounded(sentAtMs)),
    endAt: flights.map(({ endAtMs }) => rounded(endAtMs)),
    from: flights.map(({ message }) => node(message.from)),
    to: flights.map(({ message }) => node(message.to)),
    kind: flights.map(({ message }) => kindOf(message)),
    lost: flights.map(({ isLost }) => (isLost ? 1 : 0)),
    text: flights.map(({ text }) => texts.number(text)),
  };
}

/** Of several under way, the one that was due now. */
function landing(underWay: Map<Message, Flight[]>, atMs: number, message: Message): Flight | null {
  const candidates = underWay.get(message) ?? [];
  const due = candidates.find(({ endAtMs }) => endAtMs === atMs) ?? candidates[0];
  if (due === undefined) return null;
  if (candidates.length === 1) underWay.delete(message);
  else
    underWay.set(
      message,
      candidates.filter((flight) => flight !== due),
    );
  return due;
}

/** What was lost before it left has no flight yet: it is lost where it stands. */
function loseOne(
  flights: Flight[],
  flight: Flight | null,
  atMs: number,
  event: Extract<TraceEvent, { readonly type: "lost" }>,
): void {
  const text = eventText(event).what;
  if (flight === null)
    flights.push({ sentAtMs: atMs, endAtMs: atMs, message: event.message, isLost: true, text });
  else Object.assign(flight, { isLost: true, text });
}

/** Of MESSAGE_KINDS. */
function kindOf({ type }: Message): number {
  if (type.startsWith("append")) return 0;
  if (type.startsWith("heartbeat")) return 1;
  return type.startsWith("vote") ? 2 : 3;
}

/** Microseconds are enough for a picture, and short to write. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
