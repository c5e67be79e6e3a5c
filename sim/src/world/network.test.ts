import { expect, test } from "vitest";
import type { Message } from "@gauntlet/server/inside";
import type { NetworkProfile } from "../scenario.js";
import type { Task } from "./loop.js";
import { Loop } from "./loop.js";
import { noCounts } from "./link.js";
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
  readonly got: number[] = [];
  readonly held: Task[] = [];

  receive(messages: readonly Message[]): void {
    for (const message of messages) if (message.type === "heartbeat") this.got.push(message.round);
  }

  receiveReport(): void {
    throw new Error("nobody reports here");
  }

  receiveSnapshot(): Promise<void> {
    throw new Error("nobody sends a snapshot here");
  }

  hold(task: Task): void {
    this.held.push(task);
  }
}

function pair(profile: NetworkProfile = CALM, seed = 1) {
  const loop = new Loop();
  const trace = new TraceLog(loop);
  const network = new SimNetwork(loop, new Stream(seed, "network"), trace, profile);
  const [a, b] = [new Machine(), new Machine()];
  network.attach(1, a);
  network.attach(2, b);
  let round = 0;
  /** Sends the next so many messages from one to the other, a millisecond between two. */
  const talk = async (count: number, from = 1, to = 2): Promise<void> => {
    for (let sent = 0; sent < count; sent++) {
      network.send(from, [{ type: "heartbeat", from, to, term: 1, commit: 0, round: round++ }]);
      await loop.runFor(1);
    }
    await loop.runFor(1000);
  };
  return { loop, trace, network, a, b, talk };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

test("a calm network keeps the order and loses nothing", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { b, talk } = pair(CALM, seed);
    await talk(100);
    expect(b.got).toEqual(upTo(100));
  }
});

test("a rough one loses, doubles and reorders, about as often as it should", async () => {
  const { b, trace, talk } = pair({
    ...CALM,
    loss: 0.1,
    duplicate: 0.1,
    reorder: 0.1,
    reorderMs: 50,
    encoded: false,
  });
  await talk(2000);
  expect(Math.abs(trace.counts.lost - 200)).toBeLessThan(60);
  expect(Math.abs(b.got.length - 1980)).toBeLessThan(100);
  expect(b.got).not.toEqual(b.got.toSorted((x, y) => x - y));
});

test("cuts drop in their direction, where they stand, and count; the dead lose, the paused keep", async () => {
  const { network, a, b, talk } = pair();
  network.setCuts(2, [{ peer: 1, direction: "in" }]);
  await talk(5);
  await talk(5, 2, 1);
  expect([a.got.length, b.got.length]).toEqual([5, 0]);
  expect(network.dropped(2)).toEqual(new Map([[1, 5]]));
  network.setCuts(1, [{ peer: 2, direction: "out" }]);
  network.setCuts(2, []);
  await talk(3);
  expect([b.got.length, network.dropped(1).get(2), network.dropped(2).size]).toEqual([0, 3, 0]);
  network.setCuts(1, []);
  b.reception = "dead";
  await talk(2);
  b.reception = "paused";
  await talk(2);
  expect(b.got).toEqual([]);
  b.reception = "open";
  for (const task of b.held) task.run();
  expect(b.got).toEqual([15, 16]);
});

test("a shape loses, delays, doubles and slows what a machine sends, and counts each", async () => {
  const { network, b, loop, talk } = pair();
  network.setShapes(1, new Map([[2, { ...PLAIN, delayMs: 500, duplicateShare: 0.5 }]]));
  await talk(100);
  const { delayed, duplicated, lost } = network.shapeCounts(1).get(2) ?? noCounts();
  expect([delayed, lost]).toEqual([100, 0]);
  expect(b.got).toHaveLength(100 + duplicated);
  expect(duplicated).toBeGreaterThan(25);
  network.setShapes(1, new Map([[2, { ...PLAIN, bytesPerSecond: 640 }]]));
  expect(network.shapeCounts(1).get(2)?.delayed).toBe(0);
  const beganMs = loop.nowMs;
  const before = b.got.length;
  await talk(20);
  await loop.runFor(3000 - (loop.nowMs - beganMs));
  // Each is of 64 bytes, by estimate: ten a second.
  expect(b.got.length - before).toBe(20);
  expect(network.shapeCounts(1).get(2)?.slowed).toBe(20);
  // It clogs: ten seconds' worth has room at most.
  for (let sent = 0; sent < 200; sent++) {
    network.send(1, [{ type: "heartbeat", from: 1, to: 2, term: 1, commit: 0, round: sent }]);
  }
  await loop.runFor(60_000);
  expect(b.got.length - before).toBe(120);
});
