import { Client, Metadata, credentials, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import { afterEach, expect, test } from "vitest";
import type { Identity, Member } from "../identity.js";
import type { Message } from "../raft/message.js";
import { nodeClock } from "../runtime/clock.js";
import { freePorts, until } from "../testing/cluster.js";
import { TcpGate } from "../testing/tcp-gate.js";
import { toWire } from "./codec.js";
import { peerOptions } from "./options.js";
import type { PeerOptions } from "./options.js";
import { introduce } from "./protocol.js";
import { PeerTransport } from "./transport.js";

const CLUSTER_ID = 77;

/** A transport and all that it tells. */
class Side {
  readonly received: Message[] = [];
  readonly connected: string[] = [];
  readonly ended: string[] = [];
  readonly refused: string[] = [];
  readonly misdirected: string[] = [];
  dropped = 0;
  sent = 0;
  readonly transport: PeerTransport;

  constructor(identity: Identity, options: PeerOptions) {
    this.transport = new PeerTransport({
      identity,
      clientUrl: `http://client.of.${identity.self.name}`,
      options,
      clock: nodeClock,
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
    await this.transport.listen({ host: "127.0.0.1", port }, (messages) => this.received.push(...messages));
  }

  rounds(): number[] {
    return this.received.map((message) => (message.type === "heartbeat" ? message.round : -1));
  }
}

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Members 1 and 2; 1 dials 2 through a gate. */
async function pair(
  change: Partial<PeerOptions> = {},
): Promise<{ one: Side; two: Side; gate: TcpGate; port: number }> {
  const [onePort = 0, twoPort = 0] = await freePorts(2);
  const gate = new TcpGate(() => twoPort);
  const gatePort = await gate.listen();
  const members: Member[] = [
    { id: 1, name: "one", peerUrl: `http://127.0.0.1:${onePort}` },
    { id: 2, name: "two", peerUrl: `http://127.0.0.1:${gatePort}` },
  ];
  const options = { ...peerOptions(1000, 1024 * 1024), ...change };
  const [first, second] = members.map((self) => new Side({ clusterId: CLUSTER_ID, self, members }, options));
  if (first === undefined || second === undefined) throw new Error("two members make two sides");
  await first.listen(onePort);
  await second.listen(twoPort);
  closers.push(
    () => first.transport.close(),
    () => second.transport.close(),
    () => gate.close(),
  );
  return { one: first, two: second, gate, port: twoPort };
}

function heartbeat(round: number, from = 1, to = 2): Message {
  return { from, to, term: 1, type: "heartbeat", commit: 0, round };
}

test("messages go both ways, each on its sender's own connection, in order", async () => {
  const { one, two } = await pair();
  one.transport.connect();
  two.transport.connect();
  one.transport.send([heartbeat(1), heartbeat(2)]);
  two.transport.send([heartbeat(3, 2, 1)]);
  one.transport.send([heartbeat(4)]);
  await until("all are there", async () =>
    two.received.length === 3 && one.received.length === 1 ? true : null,
  );
  expect(two.rounds()).toEqual([1, 2, 4]);
  expect(one.rounds()).toEqual([3]);
});

test("a cut connection is given up, what was meant for it dropped, and a healed one used at once", async () => {
  const { one, two, gate } = await pair({ pingAfterMs: 50, pingTimeoutMs: 200, dialTimeoutMs: 200 });
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  gate.shut();
  await until("it is given up and dialled in vain", async () =>
    one.ended.includes("unreachable") ? true : null,
  );
  expect(one.ended[0]).toBe("lost");
  one.transport.send([heartbeat(1)]);
  expect(one.dropped).toBe(1);
  gate.open();
  await until("it is connected again", async () => (one.connected.length === 2 ? true : null));
  one.transport.send([heartbeat(2)]);
  await until("a message arrives", async () => (two.received.length > 0 ? true : null));
  expect(two.rounds()).toEqual([2]);
});

test("a full queue drops what comes on top", async () => {
  const { one, two } = await pair({ maxQueuedMessages: 3 });
  one.transport.send([1, 2, 3, 4, 5].map((round) => heartbeat(round)));
  expect(one.dropped).toBe(2);
  one.transport.connect();
  await until("the rest arrives", async () => (two.received.length === 3 ? true : null));
  expect(two.rounds()).toEqual([1, 2, 3]);
  const data = [new Uint8Array(40_000_000)];
  const large: Message = { from: 1, to: 2, term: 1, type: "propose", id: 1, data };
  one.transport.send([large, large]);
  expect(one.dropped).toBe(3);
});

/** Speaks to member 2 by hand: its answer's code, once the stream has ended. */
function sendByHand(port: number, metadata: Metadata, messages: readonly Message[]): Promise<number> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
  });
  return new Promise((resolve) => {
    const { path, requestSerialize, responseDeserialize } = peerService.send;
    const done = (error: ServiceError | null) => {
      client.close();
      resolve(error?.code ?? status.OK);
    };
    const stream = client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
      done,
    );
    stream.on("error", () => undefined);
    stream.write({ messages: messages.map(toWire) });
    stream.end();
  });
}

const ONE = { id: 1, name: "one", peerUrl: "http://127.0.0.1:1" };
const TWO = { id: 2, name: "two", peerUrl: "http://127.0.0.1:2" };
const THREE = { id: 3, name: "three", peerUrl: "http://127.0.0.1:3" };
const MEMBERS = [ONE, TWO];

test.each([
  ["another cluster", introduce({ clusterId: 78, self: ONE, members: MEMBERS }, 2, ""), "is of cluster 4e"],
  ["an unknown member", introduce({ clusterId: CLUSTER_ID, self: THREE, members: [] }, 2, ""), "not known"],
  ["this member's own id", introduce({ clusterId: CLUSTER_ID, self: TWO, members: [] }, 2, ""), "not known"],
  ["another receiver", introduce({ clusterId: CLUSTER_ID, self: ONE, members: MEMBERS }, 9, ""), "member 9"],
  ["no introduction at all", new Metadata(), "protocol"],
])("a stream of %s is refused", async (_what, metadata, reason) => {
  const { two, port } = await pair();
  expect(await sendByHand(port, metadata, [heartbeat(1)])).toBe(status.FAILED_PRECONDITION);
  expect(two.refused).toHaveLength(1);
  expect(two.refused[0]).toContain(reason);
  expect(two.received).toEqual([]);
});

test("a message that is not its stream's to carry is dropped, the rest is taken", async () => {
  const { two, port } = await pair();
  const metadata = introduce({ clusterId: CLUSTER_ID, self: ONE, members: MEMBERS }, 2, "");
  const messages = [heartbeat(1), heartbeat(2, 3, 2), heartbeat(3, 1, 9), heartbeat(4)];
  expect(await sendByHand(port, metadata, messages)).toBe(status.OK);
  expect(two.rounds()).toEqual([1, 4]);
  expect(two.misdirected).toEqual(["a message from 3 to 2", "a message from 1 to 9"]);
});

test("messages are taken from a member's newest stream only", async () => {
  const { one, two, port } = await pair();
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  const metadata = introduce({ clusterId: CLUSTER_ID, self: ONE, members: MEMBERS }, 2, "");
  expect(await sendByHand(port, metadata, [heartbeat(7)])).toBe(status.OK);
  await until("the older stream has ended, and is dialled again", async () =>
    one.connected.length === 2 ? true : null,
  );
  one.transport.send([heartbeat(8)]);
  await until("it carries messages", async () => (two.received.length === 2 ? true : null));
  expect(two.rounds()).toEqual([7, 8]);
});
