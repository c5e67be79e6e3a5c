import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Random } from "../ports.js";
import { Wal } from "./index.js";
import { TestDisk, type Operation } from "./test-disk.js";
import { EMPTY_LOG, batchFrom, batchPlans, print, randoms, statesOf, walOptions } from "./test-log.js";
import type { BatchPlan, LogState } from "./test-log.js";

const CHANGES: ReadonlySet<Operation> = new Set([
  "open",
  "write",
  "truncate",
  "sync",
  "rename",
  "remove",
  "syncDirectory",
]);

type Crash = "power" | "kill" | "failed sync, kill";

interface Life {
  readonly plans: readonly BatchPlan[];
  /** Appends that are not waited for before the next. */
  readonly concurrency: number;
  /** The changing operation of the disk before which this life ends. */
  readonly operations: number;
  readonly crash: Crash;
}

/** What may be found: the state after any of the records written, from the last acknowledged one on. */
class Expectation {
  private states: LogState[] = [EMPTY_LOG];
  private acknowledged = 0;
  restarts = 0;

  get newest(): LogState {
    return this.states.at(-1) ?? EMPTY_LOG;
  }

  /** Returns what to call once the batch was acknowledged. */
  append(states: readonly LogState[]): () => void {
    this.states.push(...states);
    const written = this.states.length - 1;
    return () => {
      if (written < this.acknowledged) throw new Error("acknowledged out of order");
      this.acknowledged = written;
    };
  }

  /** A restart gave `found` to its caller, and with it the promise that it is durable. */
  found(found: LogState): void {
    const allowed = this.states.slice(this.acknowledged).map(print);
    if (!allowed.includes(print(found))) {
      throw new Error(`found ${print(found)}, which is none of ${allowed.join("\n")}`);
    }
    this.restarts += 1;
    this.states = [found];
    this.acknowledged = 0;
  }
}

/** Runs one life of the process on `disk`; returns the disk as the next life finds it. */
async function live(disk: TestDisk, life: Life, expectation: Expectation, random: Random): Promise<TestDisk> {
  let left = life.operations;
  let next: TestDisk | null = null;
  disk.before = (operation) => {
    if (!CHANGES.has(operation) || next !== null || left-- > 0) return;
    if (life.crash === "power") next = disk.cutPower(random);
    else if (life.crash === "kill") next = disk.killProcess();
    else if (operation === "sync") throw new Error("EIO: i/o error, fdatasync");
  };
  let failure: unknown = null;
  try {
    const opened = await Wal.open(disk, walOptions(1500));
    expectation.found(opened);
    const appends: Promise<void>[] = [];
    for (const [at, plan] of life.plans.entries()) {
      const before = expectation.newest;
      const batch = batchFrom(plan, before);
      const acknowledge = expectation.append(statesOf(batch, before));
      appends.push(opened.wal.append(batch).then(acknowledge));
      if (at % life.concurrency === 0) await Promise.allSettled(appends);
    }
    const results = await Promise.allSettled(appends);
    await opened.wal.close();
    failure = results.find((result) => result.status === "rejected")?.reason ?? null;
  } catch (error) {
    failure = error;
  }
  const crashed = life.crash !== "failed sync, kill" && next !== null;
  const expected = life.crash === "failed sync, kill" ? /EIO/ : crashed ? /disk failed|^Error$/ : /^null$/;
  if (!expected.test(String(failure)) && failure !== null) throw failure;
  return next ?? disk.killProcess();
}

const lives = fc.record<Life>({
  plans: fc.array(batchPlans, { maxLength: 12 }),
  concurrency: fc.integer({ min: 1, max: 5 }),
  operations: fc.nat(30),
  crash: fc.constantFrom<Crash>("power", "power", "kill", "failed sync, kill"),
});

it("keeps what it acknowledged over crashes in series, and recovers from each without help", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lives, { minLength: 1, maxLength: 5 }), randoms, async (all, random) => {
      const expectation = new Expectation();
      let disk = new TestDisk();
      for (const life of all) disk = await live(disk, life, expectation, random);
      disk.before = () => undefined;
      const opened = await Wal.open(disk.cutPower(random), walOptions(1500));
      expectation.found(opened);
      await opened.wal.close();
      expect(expectation.restarts).toBeGreaterThan(0);
    }),
    // On a slow machine fewer runs; a failure found is shrunk until then.
    { numRuns: 1000, interruptAfterTimeLimit: 20_000 },
  );
});
