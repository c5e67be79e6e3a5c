import { describe, expect, test } from "vitest";
import { Loop, NothingLeft, type Task } from "./loop.js";
import { Stream } from "./random.js";

/** Resolves after `depth` turns of the microtask queue. */
async function deep(depth: number): Promise<void> {
  for (let turn = 0; turn < depth; turn++) await Promise.resolve();
}

describe("a loop", () => {
  test("runs tasks by time, and those of one instant in the order in which they were scheduled", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const loop = new Loop();
      const random = new Stream(seed, "test");
      const ran: { readonly atUs: number; readonly order: number }[] = [];
      let order = 0;
      const add = (depth: number): void => {
        const delayMs = random.below(4) === 0 ? 0 : random.below(20) / 2;
        const mine = order++;
        const dueUs = loop.nowUs + delayMs * 1000;
        loop.after(delayMs, () => {
          expect(loop.nowUs).toBe(dueUs);
          ran.push({ atUs: loop.nowUs, order: mine });
          if (depth > 0 && random.below(3) > 0) for (let child = 0; child < 3; child++) add(depth - 1);
        });
      };
      for (let root = 0; root < 20; root++) add(4);
      await loop.runFor(1000);
      expect(ran).toHaveLength(order);
      expect(ran).toEqual(ran.toSorted((a, b) => a.atUs - b.atUs || a.order - b.order));
    }
  });

  test("runs all microtasks of a task that settles, however deep, before the next task", async () => {
    const loop = new Loop();
    const seen: string[] = [];
    for (let at = 0; at < 5; at++) {
      loop.after(at < 3 ? 1 : 2, () => {
        loop.settle();
        seen.push(`task ${at}`);
        void deep(100).then(() => seen.push(`microtasks of ${at}`));
      });
    }
    await loop.runFor(10);
    expect(seen).toEqual([0, 1, 2, 3, 4].flatMap((at) => [`task ${at}`, `microtasks of ${at}`]));
    expect(loop.nowMs).toBe(10);
  });

  test("runs on between tasks that leave nothing behind", async () => {
    const loop = new Loop();
    for (let at = 0; at < 1000; at++) loop.after(at, () => undefined);
    await loop.runFor(5000);
    expect(loop.executed).toBe(1001);
    expect(loop.turns).toBeLessThan(5);
  });

  test("drops what is cancelled, and says when nothing is left", async () => {
    const loop = new Loop();
    let called = false;
    loop.after(5, () => {
      called = true;
    }).cancelled = true;
    await expect(loop.run(new Promise(() => undefined))).rejects.toThrow(NothingLeft);
    expect(called).toBe(false);
  });

  test("stops at what a task throws", async () => {
    const loop = new Loop();
    const broken: Task = {
      run: () => {
        throw new Error("broken");
      },
    };
    loop.schedule(broken, 3);
    await expect(loop.runFor(10)).rejects.toThrow("broken");
    expect(loop.nowMs).toBe(3);
  });
});
