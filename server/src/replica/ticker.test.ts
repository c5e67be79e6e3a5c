import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { Ticker } from "./ticker.js";
import { ManualClock } from "../testing/manual-clock.js";
import { ReplicaWorld } from "../testing/replica-world.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

describe("ticks", () => {
  test("however they are held up, n of them take more than n - 2 intervals, from any moment on", () => {
    const delaysMs = fc.array(fc.integer({ min: 0, max: 70 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(delaysMs, (delays) => {
        const clock = new ManualClock();
        const ticksMs: number[] = [];
        new Ticker(clock, 20, () => ticksMs.push(clock.monotonicMs())).start();
        for (const delayMs of delays) clock.stall(delayMs);
        // From just before tick `from` on.
        for (const [from, startMs] of ticksMs.entries()) {
          for (const [at, endMs] of ticksMs.slice(from).entries()) {
            expect(endMs - startMs).toBeGreaterThan((at - 1) * 20);
          }
        }
      }),
    );
  });

  test("keep their rate", () => {
    world.clock.advance(2000);
    expect(world.ticks).toBe(100);
  });

  test("that a stopped process missed are not made up for", () => {
    world.clock.stall(10_000);
    expect(world.ticks).toBe(1);
    world.clock.advance(200);
    expect(world.ticks).toBe(11);
  });

  test("come back to their grid after a short delay", () => {
    world.clock.stall(35);
    expect(world.ticks).toBe(1);
    world.clock.advance(5);
    expect(world.ticks).toBe(2);
  });
});
