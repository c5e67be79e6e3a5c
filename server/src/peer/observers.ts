import type { Logger } from "pino";
import { hexId } from "../identity.js";
import type { Identity } from "../identity.js";
import type { Metrics } from "../metrics.js";
import type { MemberId } from "../raft/message.js";
import type { LinkObserver } from "./link.js";
import type { ReceiverObserver } from "./receiver.js";

/** Refusals are remembered for so many senders, whoever they are. */
const MAX_REMEMBERED_REFUSALS = 64;

/** Logs each change of a link's state once, however often it is dialled, and counts messages. */
export function linkObserver(logger: Logger, metrics: Metrics): LinkObserver {
  const lastState = new Map<MemberId, string>();
  const changed = (peer: MemberId, state: string) => {
    const before = lastState.get(peer);
    lastState.set(peer, state);
    return before !== state;
  };
  return {
    connected: (peer) => {
      if (changed(peer.id, "connected"))
        logger.info({ peer: peer.name, url: peer.peerUrl }, "peer connected");
    },
    disconnected: (peer, { kind, reason }) => {
      // gRPC's reasons carry times and ports; only a refusal's text is the peer's own.
      const state = kind === "refused" ? `refused: ${reason}` : "unreachable";
      if (!changed(peer.id, state)) return;
      logger.warn({ peer: peer.name, url: peer.peerUrl, reason }, `peer ${kind}`);
    },
    dropped: (peer, messages) => metrics.peerMessages(peer.name, "dropped", messages),
    sent: (peer, messages) => metrics.peerMessages(peer.name, "sent", messages),
  };
}

/** `clientUrl` is told where the clients of each member dial it. */
export function receiverObserver(
  logger: Logger,
  metrics: Metrics,
  identity: Identity,
  clientUrl: (member: MemberId, url: string) => void,
): ReceiverObserver {
  const nameOf = (id: MemberId) => identity.members.find((member) => member.id === id)?.name ?? hexId(id);
  const refusals = new Map<string, string>();
  return {
    accepted: (from, url) => {
      clientUrl(from, url);
      logger.debug({ peer: nameOf(from) }, "peer stream accepted");
    },
    ended: (from, reason) => logger.debug({ peer: nameOf(from), reason }, "peer stream ended"),
    refused: (address, reason) => {
      const host = address.replace(/:\d+$/, "");
      if (refusals.get(host) === reason) return;
      if (refusals.size >= MAX_REMEMBERED_REFUSALS) refusals.clear();
      refusals.set(host, reason);
      logger.warn({ address: host, reason }, "peer stream refused");
    },
    received: (from, messages) => metrics.peerMessages(nameOf(from), "received", messages),
    misdirected: (from, reason) => {
      metrics.peerMessages(nameOf(from), "misdirected", 1);
      logger.error({ peer: nameOf(from), reason }, "peer message dropped: not for this stream");
    },
  };
}
