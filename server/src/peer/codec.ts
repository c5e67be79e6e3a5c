import { gauntletpeer, toSafeNumber } from "@gauntlet/proto";
import type { Int64 } from "@gauntlet/proto";
import type { ConfigurationChange } from "../raft/configuration.js";
import { entryBytes } from "../raft/entry.js";
import type { RefusalReason } from "../raft/event.js";
import type { Message } from "../raft/message.js";
import {
  fromProtoConfiguration,
  fromProtoEntry,
  toProtoConfiguration,
  toProtoEntry,
} from "../wal/entry-codec.js";

type WireMessage = gauntletpeer.PeerMessage.$Properties;

const { Refusal } = gauntletpeer;

const REFUSAL_TO_WIRE = {
  "no-leader": Refusal.NO_LEADER,
  "too-many-uncommitted": Refusal.TOO_MANY_UNCOMMITTED,
  "no-space": Refusal.NO_SPACE,
  "leader-changed": Refusal.LEADER_CHANGED,
  "change-under-way": Refusal.CHANGE_UNDER_WAY,
  "term-not-committed": Refusal.TERM_NOT_COMMITTED,
  "learner-not-ready": Refusal.LEARNER_NOT_READY,
  "no-voters-left": Refusal.NO_VOTERS_LEFT,
} as const satisfies Record<RefusalReason, gauntletpeer.Refusal>;

const REFUSAL_FROM_WIRE: ReadonlyMap<number, RefusalReason> = new Map(
  Object.entries(REFUSAL_TO_WIRE).map(([reason, wire]) => [wire, reason as RefusalReason]),
);

/** A message of the core as protobuf has it. */
export function toWire(message: Message): WireMessage {
  const { from, to, term } = message;
  const envelope = { from, to, term };
  switch (message.type) {
    case "vote-request": {
      const { pre, transfer, lastIndex, lastTerm } = message;
      return { ...envelope, vote_request: { pre, transfer, last_index: lastIndex, last_term: lastTerm } };
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
      const { rejectedPrevIndex, hintIndex, hintTerm, lost } = message;
      const hint = { hint_index: hintIndex, hint_term: hintTerm, lost };
      return { ...envelope, append_rejected: { rejected_prev_index: rejectedPrevIndex, ...hint } };
    }
    case "heartbeat":
      return { ...envelope, heartbeat: { commit: message.commit, round: message.round } };
    case "heartbeat-response":
      return { ...envelope, heartbeat_response: { round: message.round } };
    case "propose":
      return { ...envelope, propose: { id: message.id, data: [...message.data] } };
    case "propose-change": {
      const { id, data } = message;
      return { ...envelope, propose_change: { id, changes: message.changes.map(toWireChange), data } };
    }
    case "proposals-refused": {
      const { id, reason } = message;
      return { ...envelope, proposals_refused: { id, reason: REFUSAL_TO_WIRE[reason] } };
    }
    case "timeout-now":
      return { ...envelope, timeout_now: {} };
    case "snapshot": {
      const { index, term: lastTerm, configuration } = message.snapshot;
      const mark = { index, term: lastTerm, configuration: toProtoConfiguration(configuration) };
      return { ...envelope, snapshot: mark };
    }
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
    const { rejected_prev_index, hint_index, hint_term, lost } = wire.append_rejected;
    const hint = { hintIndex: number(hint_index), hintTerm: number(hint_term), lost: lost ?? false };
    return { ...envelope, type: "append-rejected", rejectedPrevIndex: number(rejected_prev_index), ...hint };
  }
  if (wire.heartbeat) {
    const { commit, round } = wire.heartbeat;
    return { ...envelope, type: "heartbeat", commit: number(commit), round: number(round) };
  }
  if (wire.heartbeat_response) {
    return { ...envelope, type: "heartbeat-response", round: number(wire.heartbeat_response.round) };
  }
  if (wire.propose) {
    const { id, data } = wire.propose;
    return { ...envelope, type: "propose", id: number(id), data: data ?? [] };
  }
  if (wire.propose_change) {
    const { id, changes, data } = wire.propose_change;
    const body = { id: number(id), changes: (changes ?? []).map(fromWireChange) };
    return { ...envelope, type: "propose-change", ...body, data: data ?? new Uint8Array(0) };
  }
  if (wire.proposals_refused) {
    const { id, reason } = wire.proposals_refused;
    return { ...envelope, type: "proposals-refused", id: number(id), reason: fromWireRefusal(reason) };
  }
  if (wire.read_request) return { ...envelope, type: "read-request", id: number(wire.read_request.id) };
  if (wire.read_response) {
    const { id, refused, index } = wire.read_response;
    return { ...envelope, type: "read-response", id: number(id), index: refused ? null : number(index) };
  }
  if (wire.vote_request) {
    const { pre, transfer, last_index, last_term } = wire.vote_request;
    const last = { lastIndex: number(last_index), lastTerm: number(last_term) };
    return { ...envelope, type: "vote-request", pre: pre ?? false, transfer: transfer ?? false, ...last };
  }
  if (wire.vote_response) {
    const { pre, granted } = wire.vote_response;
    return { ...envelope, type: "vote-response", pre: pre ?? false, granted: granted ?? false };
  }
  if (wire.timeout_now) return { ...envelope, type: "timeout-now" };
  if (wire.snapshot) {
    const { index, term, configuration } = wire.snapshot;
    const mark = { index: number(index), term: number(term) };
    const snapshot = { ...mark, configuration: fromProtoConfiguration(configuration, "a snapshot") };
    return { ...envelope, type: "snapshot", snapshot };
  }
  throw new Error("a peer message has no body that is known here");
}

function toWireChange(change: ConfigurationChange): gauntletpeer.ConfigurationChange.$Properties {
  switch (change.type) {
    case "add-voter":
      return { add_voter: change.member };
    case "add-learner":
      return change.promote ? { add_promotable: change.member } : { add_learner: change.member };
    case "remove":
      return { remove: change.member };
    default:
      return change satisfies never;
  }
}

function fromWireChange(wire: gauntletpeer.ConfigurationChange.$Properties): ConfigurationChange {
  // A field of a oneof is there or not; what is not set has the prototype's value.
  const given = (field: keyof typeof wire) => Object.hasOwn(wire, field);
  if (given("add_voter")) return { type: "add-voter", member: number(wire.add_voter) };
  if (given("add_learner")) return { type: "add-learner", member: number(wire.add_learner), promote: false };
  if (given("add_promotable")) {
    return { type: "add-learner", member: number(wire.add_promotable), promote: true };
  }
  if (given("remove")) return { type: "remove", member: number(wire.remove) };
  throw new Error("a change of the configuration is of no kind that is known here");
}

function fromWireRefusal(wire: gauntletpeer.Refusal | null | undefined): RefusalReason {
  const given = wire ?? Refusal.UNKNOWN_REFUSAL;
  const reason = REFUSAL_FROM_WIRE.get(given);
  if (reason === undefined) throw new Error(`a refusal has the reason ${given}, which is not known here`);
  return reason;
}

/** 64-bit fields are typed as numbers, but decoded as Long objects; absent ones are too. */
function number(value: Int64 | null | undefined): number {
  return value === null || value === undefined ? 0 : toSafeNumber(value);
}

/** What a message costs in a queue, in bytes: its payload and an allowance for the rest. */
export function approximateBytes(message: Message): number {
  const overhead = 64;
  if (message.type === "append") {
    return message.entries.reduce((sum, entry) => sum + entryBytes(entry) + overhead, overhead);
  }
  if (message.type === "propose") {
    return message.data.reduce((sum, data) => sum + data.length + overhead, overhead);
  }
  if (message.type === "propose-change") return overhead + message.data.length;
  return overhead;
}
