import { StateDamaged, type StateEngine } from "@gauntlet/server/inside";
import { describeStateStorage } from "@gauntlet/server/testing";
import { expect, test } from "vitest";
import { HEALTHY, SimDisk } from "./disk.js";
import { Life } from "./life.js";
import { Loop, type Task } from "./loop.js";
import { Stream } from "./random.js";
import { SimStates } from "./state-engine.js";
import { TraceLog } from "./trace-log.js";

/** A machine's disk, and the process that uses it. */
class World {
  readonly loop = new Loop();
  readonly disk: SimDisk;
  readonly random: Stream;
  cuts = 0;
  private life = new Life();

  constructor(seed: number) {
    const profile = { minSyncMs: 0.5, maxSyncMs: 5, stall: 0, stallMs: 0 };
    this.random = new Stream(seed, "test");
    this.disk = new SimDisk(this.loop, 1, new Stream(seed, "disk"), new TraceLog(this.loop), profile);
  }

  states(): SimStates {
    this.life = new Life();
    const cut = (): void => void this.cuts++;
    return new SimStates(this.disk.open(this.life, "state/"), {
      begun: () => undefined,
      committed: () => undefined,
      cut,
    });
  }

  /** What the process had begun goes on at the disk alone. */
  kill(): void {
    this.life.end();
  }

  losePower(): void {
    this.life.end();
    this.disk.losePower();
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.loop.run(work());
  }
}

/** Time goes on in a world whose test knows nothing of it. */
class Pump implements Task {
  private readonly loop: Loop;
  private stop: () => void = () => undefined;
  readonly stopped: Promise<void>;

  constructor(loop: Loop) {
    this.loop = loop;
    this.stopped = loop.run(new Promise<void>((resolve) => (this.stop = resolve)));
    this.run();
  }

  run(): void {
    this.loop.settle();
    this.loop.schedule(this, 1);
  }

  async end(): Promise<void> {
    this.stop();
    await this.stopped;
  }
}

describeStateStorage(async () => {
  const world = new World(1);
  const pump = new Pump(world.loop);
  return {
    restart: async () => {
      world.kill();
      return world.states();
    },
    cleanUp: () => pump.end(),
    setSpace: (bytes) => world.disk.configure({ ...HEALTHY, full: bytes !== null }),
    flipBit: async (generation, at) => {
      const name = `${generation}.state`;
      const size = await (await world.disk.open(new Life(), "state/").open(name, "read")).size();
      world.disk.flipAt(`state/${name}`, Math.floor(at * size), generation % 8);
    },
  };
});

const record = (number: number): Uint8Array =>
  Uint8Array.from({ length: (number * 37) % 300 }, (_, at) => (number * 31 + at * 7) & 0xff);
const records = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, at) => record(from + at));
const metaOf = (commit: number): Uint8Array => Buffer.from(`meta ${commit}`);

/** Which commit the state is of: what commit k adds is known. */
async function commitOf(engine: StateEngine, ends: readonly number[]): Promise<number> {
  const read: Uint8Array[] = [];
  while (read.length < engine.count) read.push(...(await engine.read(read.length, 1000)));
  const isEqual = read.every((one, at) => Buffer.compare(one, record(at)) === 0);
  if (!isEqual || read.length !== engine.count) throw new Error(`other records come back than were written`);
  const commit = engine.meta === null ? 0 : Number(Buffer.from(engine.meta).toString().split(" ")[1]);
  expect(engine.count).toBe(ends[commit]);
  return commit;
}

test("what was committed is there after kills and power cuts, at most with the commit that was under way", async () => {
  let cuts = 0;
  let keptUnfinished = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const world = new World(seed);
    const { random } = world;
    const ends = [0];
    let promised = 0;
    for (let life = 0; life < 6; life++) {
      const engine = await world.run(() => world.states().open(1));
      const found = await world.run(() => commitOf(engine, ends));
      expect(found).toBeGreaterThanOrEqual(promised);
      if (found > promised) keptUnfinished++;
      ends.length = found + 1;
      promised = found;
      for (let left = random.below(4); left > 0; left--) {
        const from = ends[promised] as number;
        ends.push(from + random.below(20));
        promised++;
        await world.run(() => engine.commit(records(from, ends[promised] as number), metaOf(promised)));
      }
      const from = ends[promised] as number;
      ends.push(from + random.below(20));
      engine.commit(records(from, ends[promised + 1] as number), metaOf(promised + 1)).catch(() => undefined);
      await world.loop.runFor(random.between(0, 12));
      // It may be done by now, and is promised then: the next look takes either.
      if (random.chance(0.3)) world.kill();
      else world.losePower();
    }
    cuts += world.cuts;
  }
  expect(cuts).toBeGreaterThan(20);
  expect(keptUnfinished).toBeGreaterThan(100);
});

test("each byte of a state flipped in turn: damage, or all of it is there", async () => {
  const write = async (): Promise<World> => {
    const world = new World(1);
    const engine = await world.run(() => world.states().open(1));
    for (let commit = 1; commit <= 3; commit++) {
      await world.run(() => engine.commit(records((commit - 1) * 3, commit * 3), metaOf(commit)));
    }
    world.losePower();
    return world;
  };
  const sizeOf = async (world: World): Promise<number> => {
    const file = await world.run(() => world.disk.open(new Life(), "state/").open("1.state", "read"));
    return world.run(() => file.size());
  };
  const size = await sizeOf(await write());
  let damaged = 0;
  const found = new Set<number>();
  for (let offset = 0; offset < size; offset++) {
    const world = await write();
    world.disk.flipAt("state/1.state", offset, offset % 8);
    const opened = await world
      .run(() => world.states().open(1))
      .catch((error: unknown) => (error instanceof StateDamaged ? null : Promise.reject(error)));
    if (opened === null) damaged++;
    else found.add(await world.run(() => commitOf(opened, [0, 3, 6, 9])));
  }
  expect([...found]).toEqual([3]);
  // All but the last seal.
  expect(damaged).toBe(size - 44);
});

test("what is harmed after it was opened is found when it is read; a sector that cannot be read, too", async () => {
  let looked = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const world = new World(seed);
    const engine = await world.run(() => world.states().open(1));
    await world.run(() => engine.commit([new Uint8Array(5000).fill(7)], metaOf(1)));
    const damage = world.disk.damage(seed % 2 === 0 ? "bit-flip" : "bad-sector", "any");
    expect(damage?.file).toBe("state/1.state");
    const offset = damage?.offset ?? 0;
    if (offset < 500 || offset >= 4500) continue;
    looked++;
    const read = world.run(() => engine.read(0, 1e6));
    await expect(read).rejects.toBeInstanceOf(StateDamaged);
  }
  expect(looked).toBeGreaterThan(20);
});

test("a full disk refuses a commit, keeps the state, and takes it later; a disk that fails ends the engine", async () => {
  const world = new World(1);
  const { disk } = world;
  const engine = await world.run(() => world.states().open(1));
  await world.run(() => engine.commit(records(0, 50), metaOf(1)));
  disk.configure({ ...HEALTHY, full: true });
  const commit = () => engine.commit(records(50, 100), metaOf(2));
  await expect(world.run(commit)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(await world.run(() => commitOf(engine, [0, 50]))).toBe(1);
  disk.configure(HEALTHY);
  await world.run(commit);
  expect(await world.run(() => commitOf(engine, [0, 50, 100]))).toBe(2);
  disk.configure({ ...HEALTHY, full: true });
  world.kill();
  const again = await world.run(() => world.states().open(1));
  expect(await world.run(() => commitOf(again, [0, 50, 100]))).toBe(2);
  disk.configure({ ...HEALTHY, syncErrorShare: 1 });
  const third = () => again.commit(records(100, 101), metaOf(3));
  await expect(world.run(third)).rejects.toMatchObject({ code: "EIO" });
  disk.configure(HEALTHY);
  await expect(world.run(third)).rejects.toMatchObject({ code: "EIO" });
  // The kernel counts the pages as clean: only a process that writes them again makes them durable.
  world.kill();
  const fourth = await world.run(() => world.states().open(1));
  const found = await world.run(() => commitOf(fourth, [0, 50, 100, 101]));
  world.losePower();
  const last = await world.run(() => world.states().open(1));
  expect(await world.run(() => commitOf(last, [0, 50, 100, 101]))).toBe(found);
});

test("what was found at a start stays, also where a sync of it had failed: commits, seals, and the start itself", async () => {
  const lost: string[] = [];
  const failed = { start: 0, commit: 0, seal: 0 };
  for (let seed = 1; seed <= 200; seed++) {
    const world = new World(seed);
    const { random, disk } = world;
    const ends = Array.from({ length: 40 }, (_, commit) => commit * 7);
    let promised = 0;
    for (let life = 0; life < 8; life++) {
      disk.configure({ ...HEALTHY, syncErrorShare: random.chance(0.5) ? 0.2 : 0 });
      const engine = await world.run(() => world.states().open(1)).catch(notDamaged);
      if (engine === null) failed.start++;
      else {
        const found = await world.run(() => commitOf(engine, ends));
        if (found < promised) lost.push(`seed ${seed}, life ${life}: ${found} of ${promised}`);
        promised = found;
        for (let left = random.below(4); left > 0; left--) {
          const added = records(ends[promised] as number, ends[promised + 1] as number);
          const before = engine.count;
          const done = await world
            .run(() => engine.commit(added, metaOf(promised + 1)).then(() => true))
            .catch(notDamaged);
          if (done === null) {
            failed[engine.count > before ? "seal" : "commit"]++;
            break;
          }
          promised++;
        }
      }
      if (random.chance(0.6)) world.kill();
      else world.losePower();
    }
  }
  expect(lost).toEqual([]);
  expect(Math.min(...Object.values(failed))).toBeGreaterThan(20);
});

/** Of a call whose sync failed: null. */
function notDamaged(error: unknown): null {
  if (error instanceof StateDamaged) throw error;
  expect(error).toMatchObject({ code: "EIO" });
  return null;
}
