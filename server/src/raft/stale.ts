import type { Body, Message } from "./message.js";

/** Answers, and proposals that are handed over, are owed nothing. */
const ASKS: ReadonlySet<Message["type"]> = new Set([
  "append",
  "heartbeat",
  "snapshot",
  "vote-request",
  "read-request",
]);

/**
 * What a sender of an earlier term is told; null: nothing. All that matters is the term that the answer
 * carries: by it an old leader steps down, and a leader whose term is behind this member's can be replaced.
 * The sender may be in that term, and have asked anew, by the time the answer is there. So whatever was
 * asked, the answer is the one message that claims nothing: a heartbeat's, of round 0, which confirms no read.
 */
export function answerToStale(message: Message): Body | null {
  return ASKS.has(message.type) ? { type: "heartbeat-response", round: 0 } : null;
}
