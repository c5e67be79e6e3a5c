import type { Member } from "../identity.js";
import type { MembersAnswer } from "../peer/members.js";
import { peerOptions } from "../peer/options.js";
import type { PeerOptions } from "../peer/options.js";
import type { SnapshotHandler } from "../peer/snapshot-receiver.js";
import { PeerTransport } from "../peer/transport.js";
import type { TransportParts } from "../peer/transport.js";
import type { Clock } from "../ports.js";
import { configurationOf } from "../raft/configuration.js";
import type { Message } from "../raft/message.js";
import type { Report } from "../replica/report.js";
import { nodeClock } from "../runtime/clock.js";
import { freePorts, until } from "./cluster.js";
import { TcpGate } from "./tcp-gate.js";

export const CLUSTER_ID = 77;

/** A transport and all that it tells. */
class Side {
  readonly received: Message[] = [];
  readonly reports: [number, Report][] = [];
  snapshot: SnapshotHandler = () => Promise.reject(new Error("not wanted"));
  members: MembersAnswer | null = null;
  readonly connected: string[] = [];
  readonly ended: string[] = [];
  readonly refused: string[] = [];
  readonly misdirected: string[] = [];
  dropped = 0;
  sent = 0;
  readonly transport: PeerTransport;

  constructor(identity: TransportParts["identity"], options: PeerOptions, clock: Clock) {
    this.transport = new PeerTransport({
      identity,
      ownUrls: {
        clientUrl: `http://client.of.${identity.self.name}`,
        peerUrl: identity.self.peerUrls[0] ?? "",
      },
      options,
      clock,
      linkObserver: {
        connected: (peer) => this.connected.push(peer.name),
        disconnected: (_peer, { kind }) => this.ended.push(kind),
        dropped: (_peer, messages) => (this.dropped += messages),
        sent: (_peer, messages) => (this.sent += messages),
      },
      receiverObserver: {
        accepted: () => undefined,
        ended: () => undefined,
        refused: (_address, reason) => this.refused.push(reason),
        received: () => undefined,
        misdirected: (_from, reason) => this.misdirected.push(reason),
      },
    });
  }

  async listen(port: number): Promise<void> {
    await this.transport.listen(
      { host: "127.0.0.1", port },
      {
        messages: (messages) => this.received.push(...messages),
        report: (from, report) => this.reports.push([from, report]),
        snapshot: (message, chunks) => this.snapshot(message, chunks),
        members: () => this.members,
      },
    );
  }

  rounds(): number[] {
    return this.received.map((message) => (message.type === "heartbeat" ? message.round : -1));
  }
}

interface Pair {
  readonly one: Side;
  readonly two: Side;
  readonly gate: TcpGate;
  /** Of the second, behind the gate. */
  readonly port: number;
}

/** Transports on loopback. */
export class PeersWorld {
  readonly #closers: (() => void)[] = [];

  /** A side that listens. */
  async open(
    identity: TransportParts["identity"],
    port: number,
    options: PeerOptions,
    clock: Clock = nodeClock,
  ): Promise<Side> {
    const side = new Side(identity, options, clock);
    this.#closers.push(() => side.transport.close());
    await side.listen(port);
    return side;
  }

  /** Members 1 and 2; 1 dials 2 through a gate. */
  async pair(change: Partial<PeerOptions> = {}, clock: Clock = nodeClock): Promise<Pair> {
    const [onePort = 0, twoPort = 0] = await freePorts(2);
    const gate = new TcpGate(() => twoPort);
    this.#closers.push(() => gate.close());
    const gatePort = await gate.listen();
    const first: Member = { id: 1, name: "one", peerUrls: [`http://127.0.0.1:${onePort}`] };
    const second: Member = { id: 2, name: "two", peerUrls: [`http://127.0.0.1:${gatePort}`] };
    const members = [first, second];
    const options = { ...peerOptions(1000, 1024 * 1024), ...change };
    const one = await this.open({ clusterId: CLUSTER_ID, self: first, members }, onePort, options, clock);
    const two = await this.open({ clusterId: CLUSTER_ID, self: second, members }, twoPort, options, clock);
    return { one, two, gate, port: twoPort };
  }

  async connectedPair(change: Partial<PeerOptions> = {}, clock: Clock = nodeClock): Promise<Pair> {
    const both = await this.pair(change, clock);
    both.one.transport.connect();
    await until("it is connected", async () => (both.one.connected.length === 1 ? true : null));
    return both;
  }

  end(): void {
    for (const close of this.#closers) close();
  }
}

export function heartbeat(round: number, from = 1, to = 2): Message {
  return { from, to, term: 1, type: "heartbeat", commit: 0, round };
}

export function snapshot(from = 1, to = 2): Message {
  return {
    from,
    to,
    term: 4,
    type: "snapshot",
    snapshot: { index: 3, term: 4, configuration: configurationOf([1, 2]) },
  };
}

type Slice = (from: number, to: number) => AsyncIterable<Uint8Array>;

/** Chunks, and how many of them were asked for. */
export function chunksOf(
  bytes: Buffer,
  size: number,
): AsyncIterable<Uint8Array> & { asked: number; slice: Slice } {
  const slice: Slice = (from, to) => chunksOf(bytes.subarray(from, to), size);
  const self = {
    asked: 0,
    slice,
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < bytes.length; at += size) {
        self.asked += 1;
        yield bytes.subarray(at, at + size);
      }
    },
  };
  return self;
}
