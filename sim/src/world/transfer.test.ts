import { configurationOf, type Message, type Report } from "@gauntlet/server/inside";
import { expect, test } from "vitest";
import type { NetworkProfile } from "../scenario.js";
import { SILENCE_MS } from "./channel.js";
import { Loop, type Task } from "./loop.js";
import { PLAIN, type Receiver, SimNetwork } from "./network.js";
import { Stream } from "./random.js";
import { TraceLog } from "./trace-log.js";

const CALM: NetworkProfile = {
  minDelayMs: 1,
  maxDelayMs: 5,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderMs: 0,
  encoded: false,
};

class Machine implements Receiver {
  reception: Receiver["reception"] = "open";
  readonly chunks: Buffer[] = [];
  readonly reports: Report[] = [];
  readonly held: Task[] = [];
  /** How its last snapshot ended, so far as it knows. */
  ending = "none";
  /** It takes in so many chunks, then refuses. */
  most = Number.POSITIVE_INFINITY;

  receive(): void {
    throw new Error("a snapshot is no message among others");
  }

  receiveReport(_from: number, report: Report): void {
    this.reports.push(report);
  }

  async receiveSnapshot(_message: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.ending = "open";
    try {
      for await (const chunk of chunks) {
        this.chunks.push(Buffer.from(chunk));
        if (this.chunks.length === this.most) throw new Error("no more, please");
      }
      this.ending = "whole";
    } catch (error) {
      this.ending = String(error);
      throw error;
    }
  }

  hold(task: Task): void {
    this.held.push(task);
  }

  resume(loop: Loop): void {
    this.reception = "open";
    for (const task of this.held.splice(0)) loop.schedule(task, 0);
  }
}

const MESSAGE: Message = {
  type: "snapshot",
  from: 1,
  to: 2,
  term: 3,
  snapshot: { index: 7, term: 2, configuration: configurationOf([1, 2]) },
};

function world(profile: Partial<NetworkProfile> = {}, seed = 1) {
  const loop = new Loop();
  const network = new SimNetwork(loop, new Stream(seed, "network"), new TraceLog(loop), {
    ...CALM,
    ...profile,
  });
  const [a, b] = [new Machine(), new Machine()];
  network.attach(1, a);
  network.attach(2, b);
  const made = { chunks: 0, isReturned: false };
  const state = { ending: "open", sinceMs: 0 };
  /** Chunks of 100,000 bytes, of which each is known by its number. */
  async function* chunks(count: number): AsyncGenerator<Uint8Array> {
    const memory = Buffer.alloc(100_000);
    try {
      for (; made.chunks < count; ) {
        memory.fill(made.chunks++);
        yield memory;
      }
    } finally {
      made.isReturned = true;
    }
  }
  const begin = (count: number): void => {
    const told = (ending: string) => (): void => {
      state.ending = ending;
      state.sinceMs = loop.nowMs;
    };
    network.stream(MESSAGE, chunks(count)).then(told("taken"), (error: unknown) => told(String(error))());
  };
  return { loop, network, a, b, made, state, begin };
}

test("a snapshot comes whole and in order over any network that lets it, and in more than no time", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { loop, b, state, begin, network } = world(
      { loss: seed % 2 === 0 ? 0.02 : 0, maxDelayMs: 20 },
      seed,
    );
    begin(30);
    await loop.runFor(60_000);
    expect([state.ending, b.ending]).toEqual(["taken", "whole"]);
    expect(b.chunks.map((chunk) => [chunk.length, chunk[0], chunk.at(-1)])).toEqual(
      Array.from({ length: 30 }, (_, at) => [100_000, at, at]),
    );
    expect(state.sinceMs).toBeGreaterThan(2);
    expect(network.transfers).toEqual({ begun: 1, done: 1, failed: 0 });
  }
});

test("whoever makes the chunks is asked for the next when there is room", async () => {
  const { loop, b, made, begin } = world();
  b.reception = "paused";
  begin(1000);
  await loop.runFor(500);
  expect(made.chunks).toBe(11);
  b.resume(loop);
  await loop.runFor(500);
  expect(made.chunks).toBeGreaterThan(30);
});

test("a cut and a pause are outlived if they are short, and break it on both sides if not", async () => {
  for (const kind of ["cut", "pause"] as const) {
    for (const lastsMs of [500, 3 * SILENCE_MS]) {
      const { loop, network, b, made, state, begin } = world();
      network.setShapes(1, new Map([[2, { ...PLAIN, bytesPerSecond: 1_000_000 }]]));
      begin(20);
      await loop.runFor(300);
      const had = b.chunks.length;
      if (kind === "pause") b.reception = "paused";
      else network.setCuts(2, [{ peer: 1, direction: "in" }]);
      await loop.runFor(lastsMs);
      if (kind === "pause") b.resume(loop);
      else network.setCuts(2, []);
      await loop.runFor(20_000);
      expect(had).toBeGreaterThan(0);
      const isShort = lastsMs === 500;
      expect(state.ending === "taken").toBe(isShort);
      expect(b.ending === "whole").toBe(isShort);
      expect(made.isReturned).toBe(true);
      expect(network.transfers.failed).toBe(isShort ? 0 : 1);
    }
  }
});

test("a receiver that refuses, is not there, or ends, says so", async () => {
  const refusing = world();
  refusing.b.most = 2;
  refusing.begin(20);
  await refusing.loop.runFor(1000);
  expect(refusing.state.ending).toContain("no more, please");
  expect(refusing.made.isReturned).toBe(true);

  const absent = world();
  absent.b.reception = "dead";
  absent.begin(20);
  await absent.loop.runFor(50);
  expect(absent.state.ending).toContain("connection refused");

  for (const hasPower of [true, false]) {
    const ending = world();
    ending.network.setShapes(1, new Map([[2, { ...PLAIN, bytesPerSecond: 1_000_000 }]]));
    ending.begin(20);
    await ending.loop.runFor(100);
    ending.network.disconnect(2, hasPower);
    await ending.loop.runFor(50);
    expect(ending.state.ending.includes("the other process ended")).toBe(hasPower);
    await ending.loop.runFor(20_000);
    expect(ending.state.ending).not.toBe("open");
    // A process that is gone hears nothing.
    expect(ending.b.ending).toBe("open");
  }
});

test("a sender that ends is told of, or missed; it hears nothing itself", async () => {
  for (const hasPower of [true, false]) {
    const { loop, network, b, state, begin } = world();
    network.setShapes(1, new Map([[2, { ...PLAIN, bytesPerSecond: 1_000_000 }]]));
    begin(20);
    await loop.runFor(100);
    network.disconnect(1, hasPower);
    await loop.runFor(20_000);
    expect([state.ending, b.ending.includes("did not come whole")]).toEqual(["open", true]);
  }
});

test("a report goes to all others, unless it is lost", async () => {
  const { loop, network, a, b } = world();
  const report = {
    alarms: ["NOSPACE"],
    hashes: [{ index: 3, revision: 2, hash: 5 }],
    hashFormat: 1,
  } as const;
  network.report(1, report);
  await loop.runFor(100);
  network.setCuts(1, [{ peer: 2, direction: "out" }]);
  network.report(1, report);
  await loop.runFor(100);
  expect([a.reports, b.reports]).toEqual([[], [report]]);
});
