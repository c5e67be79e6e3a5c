import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { MAX_LATE_TICKS, Ticker } from "./ticker.js";
import { ManualClock } from "../testing/manual-clock.js";
import { ReplicaWorld } from "../testing/replica-world.js";

let world: ReplicaWorld;

beforeEach(() => {
  world = new ReplicaWorld();
  world.replica.start();
});

describe("ticks", () => {
  test("however they are held up, they come neither early nor more at once than may be made up for", () => {
    const delaysMs = fc.array(fc.integer({ min: 0, max: 170 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(delaysMs, (delays) => {
        const clock = new ManualClock();
        const ticksMs: number[] = [];
        new Ticker(clock, 20, () => ticksMs.push(clock.monotonicMs())).start();
        for (const delayMs of delays) {
          clock.stall(delayMs);
          clock.runSoon();
        }
        // From just before tick `from` on.
        for (const [from, startMs] of [0, ...ticksMs].entries()) {
          for (const [at, endMs] of ticksMs.slice(Math.max(0, from - 1)).entries()) {
            const early = from === 0 ? 0 : MAX_LATE_TICKS + 1;
            expect(endMs - startMs).toBeGreaterThan((at - 1 - early) * 20);
          }
        }
      }),
    );
  });

  test("keep their rate, also when most of them are late", () => {
    world.clock.advance(2000);
    expect(world.ticks).toBe(100);
    for (let turn = 0; turn < 20; turn++) {
      world.clock.stall(100);
      world.clock.runSoon();
    }
    expect(world.ticks).toBe(200);
  });

  test("that a stopped process missed are made up for in part alone", () => {
    world.clock.stall(10_000);
    world.clock.runSoon();
    expect(world.ticks).toBe(1 + MAX_LATE_TICKS);
    world.clock.advance(200);
    expect(world.ticks).toBe(11 + MAX_LATE_TICKS);
  });

  test("that are made up for come after what waits in the sockets", () => {
    world.clock.stall(10_000);
    expect(world.ticks).toBe(0);
    world.clock.runSoon();
    expect(world.ticks).toBe(1 + MAX_LATE_TICKS);
  });

  test("come back to their grid after a delay", () => {
    world.clock.stall(35);
    expect(world.ticks).toBe(1);
    world.clock.advance(5);
    expect(world.ticks).toBe(2);
    world.clock.stall(55);
    world.clock.runSoon();
    expect(world.ticks).toBe(4);
    world.clock.advance(5);
    expect(world.ticks).toBe(5);
  });

  test("end where one of them stops the ticker", () => {
    const clock = new ManualClock();
    let ticks = 0;
    const ticker = new Ticker(clock, 20, () => {
      ticks += 1;
      if (ticks === 2) ticker.stop();
    });
    ticker.start();
    clock.stall(100);
    clock.runSoon();
    expect(ticks).toBe(2);
    clock.stall(100);
    clock.runSoon();
    expect(ticks).toBe(2);
  });
});
