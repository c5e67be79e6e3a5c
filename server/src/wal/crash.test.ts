import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Random } from "../ports.js";
import { ManualClock } from "../testing/manual-clock.js";
import { Wal } from "./index.js";
import { TestDisk, type Operation } from "./test-disk.js";
import { EMPTY_LOG, batchFrom, batchPlans, entry, lastIndexOf, print, randoms } from "./test-log.js";
import { segmentsOf, statesOf, walOptions } from "./test-log.js";
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
  /** Whenever all is acknowledged there is a pause, in which the last write is proved. */
  readonly pauses: boolean;
  /** The log begins anew before it is opened: after the last entry, or with entry 1. */
  readonly anew: "after" | "empty" | null;
  /** Whenever all is acknowledged, all entries but so many are given up; null: never. */
  readonly keeps: number | null;
  /** The changing operation of the disk before which this life ends. */
  readonly operations: number;
  readonly crash: Crash;
}

/** What may be found: the state after any of the records written, from the last acknowledged one on. */
class Expectation {
  private states: LogState[] = [EMPTY_LOG];
  private acknowledged = 0;
  /** Entries before it may be gone. */
  firstKept = 1;
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
  found({ hardState, firstIndex, entries, generation }: LogState): void {
    const found = { hardState, firstIndex, entries, generation };
    const allowed = this.states.slice(this.acknowledged).map((state) => print(this.cut(state, firstIndex)));
    if (!allowed.includes(print(found))) {
      throw new Error(`found ${print(found)}, which is none of ${allowed.join("\n")}`);
    }
    this.restarts += 1;
    // Lower where the log began anew before the crash.
    this.firstKept = Math.min(this.firstKept, lastIndexOf(found) + 1);
    this.states = [found];
    this.acknowledged = 0;
  }

  /** Without entries that may be gone, if the log begins at `firstIndex`. */
  private cut(state: LogState, firstIndex: number): LogState {
    const gone = firstIndex - state.firstIndex;
    if (gone <= 0 || firstIndex > this.firstKept) return state;
    return { ...state, firstIndex, entries: state.entries.slice(gone) };
  }
}

async function beginAnew(disk: TestDisk, how: "after" | "empty", expectation: Expectation): Promise<void> {
  const { newest } = expectation;
  const lostTo = lastIndexOf(newest);
  const base = how === "after" && lostTo > 0 ? { index: lostTo, term: newest.hardState.term } : null;
  const { term, vote } = newest.hardState;
  const hardState = lostTo > 0 ? { term, vote, lostTo } : { term, vote };
  const generation = newest.generation + 1;
  const anew = { hardState, firstIndex: (base?.index ?? 0) + 1, entries: [], generation };
  const begun = expectation.append([anew]);
  await Wal.beginAnew(disk, walOptions(1500), { hardState, base, generation });
  begun();
  if (base === null) expectation.firstKept = 1;
}

/** Writes what the plans say, and gives up old entries. */
async function work(wal: Wal, clock: ManualClock, life: Life, expectation: Expectation): Promise<unknown> {
  const appends: Promise<void>[] = [];
  const compactions: Promise<unknown>[] = [];
  for (const [at, plan] of life.plans.entries()) {
    const before = expectation.newest;
    const batch = batchFrom(plan, before, expectation.firstKept);
    const acknowledge = expectation.append(statesOf(batch, before));
    appends.push(wal.append(batch).then(acknowledge));
    if (at % life.concurrency !== 0) continue;
    const results = await Promise.allSettled(appends);
    if (life.pauses) clock.advance(1000);
    if (life.keeps === null || results.some(({ status }) => status === "rejected")) continue;
    const { firstKept } = expectation;
    expectation.firstKept = Math.max(firstKept, lastIndexOf(expectation.newest) + 1 - life.keeps);
    compactions.push(wal.compact(expectation.firstKept).catch(() => undefined));
  }
  const results = await Promise.allSettled(appends);
  await wal.close();
  await Promise.all(compactions);
  return results.find((result) => result.status === "rejected")?.reason ?? null;
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
    if (life.anew !== null) await beginAnew(disk, life.anew, expectation);
    const clock = new ManualClock();
    const opened = await Wal.open(disk, { ...walOptions(1500), clock });
    expectation.found(opened);
    failure = await work(opened.wal, clock, life, expectation);
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
  pauses: fc.boolean(),
  anew: fc.oneof(
    { weight: 8, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom<"after" | "empty">("after", "empty") },
  ),
  keeps: fc.option(fc.nat(4)),
  operations: fc.nat(60),
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

/** A log with three segments, entries 1 to 12. */
async function written(): Promise<TestDisk> {
  const disk = new TestDisk();
  const { wal } = await Wal.open(disk, walOptions(1024));
  for (let index = 1; index <= 12; index++) {
    const hardState = index === 1 ? { term: 1, vote: 3 } : null;
    await wal.append({ hardState, snapshot: null, entries: [entry(index, 1, "x".repeat(50))] });
  }
  await wal.close();
  expect(await segmentsOf(disk)).toHaveLength(3);
  return disk;
}

/** Every way in which a power cut before each operation of `act` can end, by a few kinds of chance. */
async function cutEverywhere(
  act: (disk: TestDisk) => Promise<void>,
  check: (disk: TestDisk, done: boolean) => Promise<void>,
): Promise<void> {
  for (let chance = 0; chance < 12; chance++) {
    for (let operations = 0, done = false; !done; operations++) {
      const disk = await written();
      const random = { below: (bound: number) => ((chance * 7 + (operations * chance) / 3) % bound) | 0 };
      let left = operations;
      let next: TestDisk | null = null;
      disk.before = (operation) => {
        if (next === null && CHANGES.has(operation) && left-- === 0) next = disk.cutPower(random);
      };
      await act(disk).catch(() => undefined);
      done = next === null;
      await check(next ?? disk.killProcess(), done);
    }
  }
}

it("begins anew or does not, wherever the power is cut, and then puts what was before aside", async () => {
  const beginning = { hardState: { term: 4, vote: null, lostTo: 12 }, base: null, generation: 7 };
  await cutEverywhere(
    async (disk) => {
      await Wal.beginAnew(disk, walOptions(1024), beginning);
      const { wal } = await Wal.open(disk, walOptions(1024));
      await wal.close();
    },
    async (disk, done) => {
      const { wal, hardState, entries, generation } = await Wal.open(disk, walOptions(1024));
      await wal.close();
      const isNew = generation === 7;
      expect(done ? isNew : true).toBe(true);
      expect({ hardState, entries: entries.length }).toEqual(
        isNew
          ? { hardState: beginning.hardState, entries: 0 }
          : { hardState: { term: 1, vote: 3 }, entries: 12 },
      );
      const damaged = (await disk.list()).filter((name) => name.endsWith(".damaged"));
      expect([(await segmentsOf(disk)).length, damaged.length]).toEqual(isNew ? [1, 3] : [3, 0]);
    },
  );
});

it("gives up whole segments only, and can be read wherever the power is cut meanwhile", async () => {
  await cutEverywhere(
    async (disk) => {
      const { wal } = await Wal.open(disk, walOptions(1024));
      await wal.compact(12);
      await wal.close();
    },
    async (disk, done) => {
      const { wal, entries, firstIndex, lastIndex } = await Wal.open(disk, walOptions(1024));
      await wal.close();
      expect(lastIndex).toBe(12);
      expect(firstIndex).toBeLessThanOrEqual(12);
      expect(entries.map(({ index }) => index)).toEqual(
        Array.from({ length: 13 - firstIndex }, (_, at) => firstIndex + at),
      );
      expect(done ? (await segmentsOf(disk)).length : 1).toBe(1);
    },
  );
});

it("gives up segments later on that it could not give up at first", async () => {
  const disk = new TestDisk();
  const { wal } = await Wal.open(disk, walOptions(1024));
  await wal.compact(1);
  for (let index = 1; index <= 40; index++) {
    await wal.append({ hardState: null, snapshot: null, entries: [entry(index)] });
  }
  const before = (await segmentsOf(disk)).length;
  expect(before).toBeGreaterThan(1);
  await wal.compact(41);
  expect(await segmentsOf(disk)).toHaveLength(1);
  await wal.close();
});
