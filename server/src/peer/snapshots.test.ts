import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import type { Clock } from "../ports.js";
import type { Message } from "../raft/message.js";
import { nodeClock } from "../runtime/clock.js";
import { until } from "../testing/cluster.js";
import { ManualClock } from "../testing/manual-clock.js";
import { PeersWorld, chunksOf, heartbeat, snapshot } from "../testing/peers-world.js";

let world = new PeersWorld();

afterEach(() => {
  world.end();
  world = new PeersWorld();
});

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

test("a snapshot arrives whole and in order, and is answered when it is taken in", async () => {
  const { one, two } = await world.connectedPair();
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

test("a snapshot is asked for as fast as it is taken in, and holds up no message", async () => {
  const { one, two } = await world.connectedPair();
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
  const { one, two } = await world.connectedPair();
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
  const { one, two, gate } = await world.connectedPair({
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
  const { one, two, gate } = await world.connectedPair({
    pingAfterMs: 50,
    pingTimeoutMs: 200,
    dialTimeoutMs: 200,
  });
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
  const time = new ManualClock();
  let limitMs = 0;
  // Its timers see no time pass but what is said here, however busy the machine is.
  const clock: Clock = {
    ...nodeClock,
    after: (delayMs, callback) => {
      limitMs = delayMs;
      return time.after(delayMs, callback);
    },
  };
  const { one, two } = await world.connectedPair(
    { stallTimeoutMs: 200, loadTimeoutMs: 1500, dialTimeoutMs: 30_000 },
    clock,
  );
  const allHasLeft = () =>
    until("the answer alone is waited for", async () => (limitMs === 1500 ? true : null));
  let receivedBytes = 0;
  two.snapshot = async (_message, chunks) => {
    receivedBytes = (await collect(chunks)).length;
    await allHasLeft();
    time.advance(600);
  };
  await one.transport.stream(snapshot(), chunksOf(Buffer.alloc(3_000_000), 100_000));
  expect(receivedBytes).toBe(3_000_000);
  limitMs = 0;
  two.snapshot = () => new Promise(() => undefined);
  const sending = one.transport.stream(snapshot(), chunksOf(Buffer.alloc(1000), 100));
  await Promise.all([
    expect(sending).rejects.toThrow("took nothing in for 1500 ms"),
    allHasLeft().then(() => time.advance(1500)),
  ]);
});

test("a receiver that takes nothing in is given up", async () => {
  const { one, two } = await world.connectedPair({ stallTimeoutMs: 300 });
  two.snapshot = () => new Promise(() => undefined);
  const chunks = chunksOf(Buffer.alloc(50_000_000), 100_000);
  await expect(one.transport.stream(snapshot(), chunks)).rejects.toThrow("took nothing in for 300 ms");
});
