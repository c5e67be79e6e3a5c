import { toSafeNumber } from "@gauntlet/proto";
import type { Int64, gauntletpeer } from "@gauntlet/proto";
import type { Message } from "../raft/message.js";
import { fromProtoEntry, toProtoEntry } from "../wal/entry-codec.js";

type WireMessage = gauntletpeer.PeerMessage.$Properties;

/** A message of the core as protobuf has it. */
export function toWire(message: Message): WireMessage {
  const { from, to, term } = message;
  const envelope = { from, to, term };
  switch (message.type) {
    case "vote-request": {
      const { pre, lastIndex, lastTerm } = message;
      return { ...envelope, vote_request: { pre, last_index: lastIndex, last_term: lastTerm } };
    }
    case "vote-response":
      return { ...envelope, vote_response: { pre: message.pre, granted: message.granted } };
    case "append": {
      const { prevIndex, prevTerm, commit } = message;
      const entries = message.entries.map(toProtoEntry);
      return { ...envelope, append: { prev_index: prevIndex, prev_term: prevTerm, commit, entries } };
    }
    case "append-accepted":
      return { ...envelope, append_accepted: { match_index: message.matchIndex } };
    case "append-rejected": {
      const { rejectedPrevIndex, hintIndex, hintTerm } = message;
      const body = { rejected_prev_index: rejectedPrevIndex, hint_index: hintIndex, hint_term: hintTerm };
      return { ...envelope, append_rejected: body };
    }
    case "heartbeat":
      return { ...envelope, heartbeat: { commit: message.commit, round: message.round } };
    case "heartbeat-response":
      return { ...envelope, heartbeat_response: { round: message.round } };
    case "propose":
      return { ...envelope, propose: { data: [...message.data] } };
    case "read-request":
      return { ...envelope, read_request: { id: message.id } };
    case "read-response": {
      const { id, index } = message;
      return { ...envelope, read_response: { id, refused: index === null, index: index ?? 0 } };
    }
    default:
      return message satisfies never;
  }
}

/**
 * The inverse of toWire. Throws on a body that is not known here, and on numbers beyond 2^53, rather than
 * hand the core something that its sender did not mean.
 */
export function fromWire(wire: WireMessage): Message {
  const envelope = { from: number(wire.from), to: number(wire.to), term: number(wire.term) };
  if (wire.append) {
    const { prev_index, prev_term, commit, entries } = wire.append;
    const body = { prevIndex: number(prev_index), prevTerm: number(prev_term), commit: number(commit) };
    return { ...envelope, type: "append", ...body, entries: (entries ?? []).map(fromProtoEntry) };
  }
  if (wire.append_accepted) {
    return { ...envelope, type: "append-accepted", matchIndex: number(wire.append_accepted.match_index) };
  }
  if (wire.append_rejected) {
    const { rejected_prev_index, hint_index, hint_term } = wire.append_rejected;
    const hint = { hintIndex: number(hint_index), hintTerm: number(hint_term) };
    return { ...envelope, type: "append-rejected", rejectedPrevIndex: number(rejected_prev_index), ...hint };
  }
  if (wire.heartbeat) {
    const { commit, round } = wire.heartbeat;
    return { ...envelope, type: "heartbeat", commit: number(commit), round: number(round) };
  }
  if (wire.heartbeat_response) {
    return { ...envelope, type: "heartbeat-response", round: number(wire.heartbeat_response.round) };
  }
  if (wire.propose) return { ...envelope, type: "propose", data: wire.propose.data ?? [] };
  if (wire.read_request) return { ...envelope, type: "read-request", id: number(wire.read_request.id) };
  if (wire.read_response) {
    const { id, refused, index } = wire.read_response;
    return { ...envelope, type: "read-response", id: number(id), index: refused ? null : number(index) };
  }
  if (wire.vote_request) {
    const { pre, last_index, last_term } = wire.vote_request;
    const last = { lastIndex: number(last_index), lastTerm: number(last_term) };
    return { ...envelope, type: "vote-request", pre: pre ?? false, ...last };
  }
  if (wire.vote_response) {
    const { pre, granted } = wire.vote_response;
    return { ...envelope, type: "vote-response", pre: pre ?? false, granted: granted ?? false };
  }
  throw new Error("a peer message has no body that is known here");
}

/** 64-bit fields are typed as numbers, but decoded as Long objects; absent ones are too. */
function number(value: Int64 | null | undefined): number {
  return value === null || value === undefined ? 0 : toSafeNumber(value);
}

/** What a message costs in a queue, in bytes: its payload and an allowance for the rest. */
export function approximateBytes(message: Message): number {
  const overhead = 64;
  if (message.type === "append") {
    return message.entries.reduce((sum, entry) => sum + entry.data.length + overhead, overhead);
  }
  if (message.type === "propose") {
    return message.data.reduce((sum, data) => sum + data.length + overhead, overhead);
  }
  return overhead;
}
