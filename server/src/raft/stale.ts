import type { Body, Message } from "./message.js";

/**
 * What a sender of an earlier term is told; null: nothing. All that matters is the term that the answer
 * carries: by it an old leader steps down, and a leader whose term is behind this member's can be replaced.
 * The rest must claim nothing: round 0 confirms no read, whoever leads which term by now.
 */
export function answerToStale(message: Message): Body | null {
  if (message.type === "append") {
    return { type: "append-rejected", rejectedPrevIndex: message.prevIndex, hintIndex: 0, hintTerm: 0 };
  }
  if (message.type === "heartbeat") return { type: "heartbeat-response", round: 0 };
  if (message.type === "vote-request") return { type: "vote-response", pre: message.pre, granted: false };
  if (message.type === "read-request") return { type: "read-response", id: message.id, index: null };
  return null;
}
