import { randomBytes } from "node:crypto";
import { Client, Metadata, credentials, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { peerService } from "@gauntlet/proto";
import { afterEach, expect, test } from "vitest";
import type { Member } from "../identity.js";
import { configurationOf } from "../raft/configuration.js";
import type { Message } from "../raft/message.js";
import type { Report } from "../replica/report.js";
import { nodeClock } from "../runtime/clock.js";
import { freePorts, until } from "../testing/cluster.js";
import { TcpGate } from "../testing/tcp-gate.js";
import { toWire } from "./codec.js";
import { peerOptions } from "./options.js";
import type { PeerOptions } from "./options.js";
import { byPeerUrl, fetchMembers } from "./members.js";
import type { MembersAnswer } from "./members.js";
import { introduce } from "./protocol.js";
import type { SnapshotHandler } from "./snapshot-receiver.js";
import { PeerTransport } from "./transport.js";
import type { TransportParts } from "./transport.js";

const CLUSTER_ID = 77;

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

  constructor(identity: TransportParts["identity"], options: PeerOptions) {
    this.transport = new PeerTransport({
      identity,
      ownUrls: {
        clientUrl: `http://client.of.${identity.self.name}`,
        peerUrl: identity.self.peerUrls[0] ?? "",
      },
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
    { id: 1, name: "one", peerUrls: [`http://127.0.0.1:${onePort}`] },
    { id: 2, name: "two", peerUrls: [`http://127.0.0.1:${gatePort}`] },
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

function snapshot(from = 1, to = 2): Message {
  return {
    from,
    to,
    term: 4,
    type: "snapshot",
    snapshot: { index: 3, term: 4, configuration: configurationOf([1, 2]) },
  };
}

test("messages go both ways, each on its sender's own connection, in order", async () => {
  // What waits for a dial that fails is dropped.
  const { one, two } = await pair({ dialTimeoutMs: 30_000 });
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
  const { one, two } = await pair({ maxQueuedMessages: 3, dialTimeoutMs: 30_000 });
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

const URLS = { clientUrl: "", peerUrl: "" };

function idsOf(id: number, clusterId = CLUSTER_ID): { clusterId: number; self: { id: number } } {
  return { clusterId, self: { id } };
}

test.each([
  ["another cluster", introduce(idsOf(1, 78), 2, URLS), "is of cluster 4e"],
  ["this member's own id", introduce(idsOf(2), 2, URLS), "which it cannot be"],
  ["no id", introduce(idsOf(0), 2, URLS), "which it cannot be"],
  ["another receiver", introduce(idsOf(1), 9, URLS), "member 9"],
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
  const metadata = introduce(idsOf(1), 2, URLS);
  const messages = [heartbeat(1), heartbeat(2, 3, 2), heartbeat(3, 1, 9), snapshot(1, 2), heartbeat(4)];
  expect(await sendByHand(port, metadata, messages)).toBe(status.OK);
  expect(two.rounds()).toEqual([1, 4]);
  expect(two.misdirected).toEqual([
    "a message from 3 to 2",
    "a message from 1 to 9",
    "a message from 1 to 2: a snapshot without its state",
  ]);
});

test("messages are taken from a member's newest stream only", async () => {
  const { one, two, port } = await pair();
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  const metadata = introduce(idsOf(1), 2, URLS);
  expect(await sendByHand(port, metadata, [heartbeat(7)])).toBe(status.OK);
  await until("the older stream has ended, and is dialled again", async () =>
    one.connected.length === 2 ? true : null,
  );
  one.transport.send([heartbeat(8)]);
  await until("it carries messages", async () => (two.received.length === 2 ? true : null));
  expect(two.rounds()).toEqual([7, 8]);
});

test("a report reaches all that are connected; the last one replaces those that wait", async () => {
  const { one, two } = await pair();
  const report = (hash: number): Report => ({
    alarms: ["NOSPACE"],
    hashes: [{ index: 256, revision: 9, hash }],
    hashFormat: 2,
  });
  one.transport.report(report(1));
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  one.transport.report(report(2));
  one.transport.report(report(0xffffffff));
  await until("a report is there", async () => (two.reports.length > 0 ? true : null));
  one.transport.send([heartbeat(1)]);
  await until("a message is there", async () => (two.received.length > 0 ? true : null));
  expect(two.reports).toEqual([[1, report(0xffffffff)]]);
});

async function connectedPair(change: Partial<PeerOptions> = {}): ReturnType<typeof pair> {
  const both = await pair(change);
  both.one.transport.connect();
  await until("it is connected", async () => (both.one.connected.length === 1 ? true : null));
  return both;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

test("a snapshot arrives whole and in order, and is answered when it is taken in", async () => {
  const { one, two } = await connectedPair();
  const sent = randomBytes(3_000_000);
  const received: [Message, Buffer][] = [];
  two.snapshot = async (message, chunks) => {
    received.push([message, await collect(chunks)]);
  };
  await one.transport.stream(snapshot(), chunksOf(sent, 200_000));
  expect(received).toHaveLength(1);
  expect(received[0]?.[0]).toEqual(snapshot());
  expect(received[0]?.[1].equals(sent)).toBe(true);
  await one.transport.stream(snapshot(), chunksOf(sent, 200_000).slice(0, 0));
  expect(received[1]?.[1].length).toBe(0);
});

/** Chunks, and how many of them were asked for. */
function chunksOf(bytes: Buffer, size: number): AsyncIterable<Uint8Array> & { asked: number; slice: Slice } {
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

type Slice = (from: number, to: number) => AsyncIterable<Uint8Array>;

test("a snapshot is asked for as fast as it is taken in, and holds up no message", async () => {
  const { one, two } = await connectedPair();
  const chunks = chunksOf(Buffer.alloc(64_000_000), 256 * 1024);
  let goOn: () => void = () => undefined;
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  let bytes = 0;
  two.snapshot = async (_message, incoming) => {
    await mayGoOn;
    for await (const chunk of incoming) bytes += chunk.length;
  };
  const sending = one.transport.stream(snapshot(), chunks);
  let before = -1;
  await until("no more is asked for", async () => {
    const isStill = chunks.asked === before;
    before = chunks.asked;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isStill && before > 0 ? true : null;
  });
  // The connection's window at the receiver, what is on its way, and what waits at the sender.
  expect(chunks.asked * 256 * 1024).toBeLessThan(16_000_000);
  one.transport.send([heartbeat(1)]);
  await until("a message arrives meanwhile", async () => (two.received.length === 1 ? true : null));
  goOn();
  await sending;
  expect(bytes).toBe(64_000_000);
});

test("a snapshot that its receiver refuses is rejected with the reason, in the middle too", async () => {
  const { one, two } = await connectedPair();
  await expect(one.transport.stream(snapshot(), chunksOf(Buffer.alloc(100), 10))).rejects.toThrow(
    "not wanted",
  );
  two.snapshot = async (_message, chunks) => {
    for await (const chunk of chunks) throw new Error(`${chunk.length} bytes are wrong`);
  };
  const chunks = chunksOf(Buffer.alloc(50_000_000), 100_000);
  await expect(one.transport.stream(snapshot(), chunks)).rejects.toThrow("100000 bytes are wrong");
  expect(chunks.asked).toBeLessThan(500);
  const wrongWay = snapshot(2, 1);
  await expect(one.transport.stream({ ...snapshot(), from: 7 }, chunks)).rejects.toThrow("begins a snapshot");
  await expect(two.transport.stream(wrongWay, chunks)).rejects.toThrow("is not connected");
});

test("a snapshot that breaks off is not taken for a whole one", async () => {
  const { one, two, gate } = await connectedPair({
    pingAfterMs: 50,
    patientPingTimeoutMs: 200,
    dialTimeoutMs: 200,
  });
  const outcomes: string[] = [];
  let begun = 0;
  two.snapshot = async (_message, chunks) => {
    begun += 1;
    try {
      outcomes.push(`${(await collect(chunks)).length} bytes`);
    } catch (error) {
      outcomes.push(String(error));
      throw error;
    }
  };
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(10);
    await until("the receiver takes it in", async () => (begun === 1 ? true : null));
    throw new Error("the state cannot be read");
  }
  await expect(one.transport.stream(snapshot(), failing())).rejects.toThrow("the state cannot be read");
  await until("the receiver knows", async () => (outcomes.length === 1 ? true : null));

  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(1000);
  }
  const sending = one.transport.stream(snapshot(), endless());
  await until("the receiver takes it in", async () => (begun === 2 ? true : null));
  gate.shut();
  await expect(sending).rejects.toThrow(/./);
  await until("the receiver knows", async () => (outcomes.length === 2 ? true : null));
  for (const outcome of outcomes) expect(outcome).toContain("in the middle of a snapshot");
});

test("a snapshot whose receiver is busy for longer than a link may be silent goes on", async () => {
  const { one, two, gate } = await connectedPair({ pingAfterMs: 50, pingTimeoutMs: 200, dialTimeoutMs: 200 });
  let received = 0;
  two.snapshot = async (_message, chunks) => {
    for await (const chunk of chunks) received += chunk.length;
  };
  async function* interrupted(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1000);
    await until("the receiver takes it in", async () => (received === 1000 ? true : null));
    gate.pause();
    await until("the link is given up", async () => (one.ended.length > 0 ? true : null));
    // As long again, for the pings of the receiver's side.
    await new Promise((resolve) => setTimeout(resolve, 500));
    gate.resume();
    yield Buffer.alloc(500);
  }
  await one.transport.stream(snapshot(), interrupted());
  expect(received).toBe(1500);
});

test("a receiver that needs long for what it was sent whole is waited for, but not for ever", async () => {
  const { one, two } = await connectedPair({ stallTimeoutMs: 200, loadTimeoutMs: 1500 });
  two.snapshot = async (_message, chunks) => {
    await collect(chunks);
    await new Promise((resolve) => setTimeout(resolve, 600));
  };
  await one.transport.stream(snapshot(), chunksOf(Buffer.alloc(3_000_000), 100_000));
  two.snapshot = () => new Promise(() => undefined);
  const sending = one.transport.stream(snapshot(), chunksOf(Buffer.alloc(1000), 100));
  await expect(sending).rejects.toThrow("took nothing in for 1500 ms");
});

test("a receiver that takes nothing in is given up", async () => {
  const { one, two } = await connectedPair({ stallTimeoutMs: 300 });
  two.snapshot = () => new Promise(() => undefined);
  const chunks = chunksOf(Buffer.alloc(50_000_000), 100_000);
  await expect(one.transport.stream(snapshot(), chunks)).rejects.toThrow("took nothing in for 300 ms");
});

test("a member that is not known here is taken in, and dialled where it says that it is", async () => {
  const { two, port } = await pair();
  const [threePort = 0] = await freePorts(1);
  const three = { id: 3, name: "three", peerUrls: [`http://127.0.0.1:${threePort}`] };
  const members = [{ id: 2, name: "two", peerUrls: [`http://127.0.0.1:${port}`] }, three];
  const newcomer = new Side({ clusterId: CLUSTER_ID, self: three, members }, peerOptions(1000, 1024));
  closers.push(() => newcomer.transport.close());
  await newcomer.listen(threePort);
  newcomer.transport.connect();
  two.transport.connect();
  newcomer.transport.send([heartbeat(1, 3, 2)]);
  await until("it is heard", async () => (two.received.length > 0 ? true : null));
  two.transport.send([heartbeat(2, 2, 3)]);
  await until("it hears", async () => (newcomer.received.length > 0 ? true : null));
  expect(newcomer.rounds()).toEqual([2]);
});

test("a member that moves is dialled at its new address; one that stays keeps its connection", async () => {
  const { one, two, port } = await connectedPair();
  const at = (...peerUrls: string[]) => [{ id: 2, name: "two", peerUrls }];
  const url = `http://127.0.0.1:${port}`;
  one.transport.setMembers(at(url), []);
  await until("it is dialled anew", async () => (one.connected.length === 2 ? true : null));
  one.transport.setMembers(at("http://127.0.0.1:1", url), []);
  one.transport.send([heartbeat(1)]);
  await until("a message arrives", async () => (two.received.length === 1 ? true : null));
  expect(one.connected).toHaveLength(2);
  expect(one.ended).toHaveLength(1);
});

test("where the first address does not answer, the next is tried", async () => {
  const { one, two, port } = await pair();
  one.transport.setMembers(
    [{ id: 2, name: "two", peerUrls: ["http://127.0.0.1:1", `http://127.0.0.1:${port}`] }],
    [],
  );
  one.transport.connect();
  await until("it is connected", async () => (one.connected.length === 1 ? true : null));
  one.transport.send([heartbeat(1)]);
  await until("a message arrives", async () => (two.received.length === 1 ? true : null));
  expect(one.ended).toEqual(["unreachable"]);
});

test("a member that was removed is cut off, refused by name, and dialled no more", async () => {
  const { one, two } = await connectedPair();
  two.transport.connect();
  await until("both are connected", async () => (two.connected.length === 1 ? true : null));
  two.transport.setMembers([{ id: 2, name: "two", peerUrls: [] }], [1]);
  await until("its stream has ended", async () => (one.ended.length > 0 ? true : null));
  expect(one.ended[0]).toBe("removed");
  await until("it has dialled again", async () => (two.refused.length > 0 ? true : null));
  expect(two.refused[0]).toBe("member 1 was removed from the cluster");
  two.transport.send([heartbeat(1, 2, 1)]);
  two.transport.report({ alarms: [], hashes: [], hashFormat: 1 });
  await expect(one.transport.stream(snapshot(), chunksOf(Buffer.alloc(1), 1))).rejects.toThrow(
    "not connected",
  );
  expect(one.received).toEqual([]);
});

function member(id: number, name = "", ...peerUrls: string[]): MembersAnswer["members"][number] {
  return { id, name, peerUrls, clientUrls: [] };
}

test("who joins asks all, and is found by its own URL in any answer", async () => {
  const { one, two, port } = await pair();
  const [onePort = 0, deadPort = 0] = await freePorts(2);
  const third = new Side(
    { clusterId: CLUSTER_ID, self: { id: 9, name: "nine", peerUrls: [] }, members: [] },
    peerOptions(1000, 1024),
  );
  closers.push(() => third.transport.close());
  await third.listen(onePort);
  const urls = [port, onePort, deadPort].map((each) => `http://127.0.0.1:${each}`);
  const own = "http://127.0.0.1:2390";
  expect(one.members).toBeNull();

  await expect(fetchMembers(urls, byPeerUrl(own), 300)).rejects.toThrow(
    "none of the cluster's members answers",
  );
  third.members = { clusterId: CLUSTER_ID, members: [member(1, "one"), member(2, "two")], removed: [1] };
  await expect(fetchMembers(urls, byPeerUrl(own), 300)).rejects.toThrow(
    `"etcdctl member add <name> --peer-urls=${own}"`,
  );
  two.members = { clusterId: CLUSTER_ID, members: [member(1), member(4, "", `${own}/`)], removed: [] };
  const joined = await fetchMembers(urls, byPeerUrl(own), 300);
  expect(joined.self).toEqual(member(4, "", `${own}/`));
  expect(joined.cluster.members.map(({ id }) => id)).toEqual([4, 2]);
  two.members = { clusterId: 5, members: [], removed: [] };
  await expect(fetchMembers(urls, byPeerUrl(own), 300)).rejects.toThrow("members of two clusters, ");
});

test("who is not known yet is found once it is", async () => {
  const { two, port } = await pair();
  two.members = { clusterId: CLUSTER_ID, members: [], removed: [] };
  const joining = fetchMembers([`http://127.0.0.1:${port}`], byPeerUrl("http://127.0.0.1:2390"), 20_000);
  setTimeout(() => {
    two.members = { clusterId: CLUSTER_ID, members: [member(4, "", "http://127.0.0.1:2390")], removed: [] };
  }, 400);
  expect((await joining).self.id).toBe(4);
});
