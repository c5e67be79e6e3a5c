import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StateDamaged, type StateEngine, type StateStorage } from "../../ports.js";

/** Where an engine under test keeps its states. */
export interface EngineWorld {
  /** The storage as a process finds it that has just been started. What was open before is closed. */
  restart(): Promise<StateStorage>;
  cleanUp(): Promise<void>;
  /** From now on so many bytes can be added; null: any number. Absent: this world does not run out of space. */
  readonly setSpace?: (bytes: number | null) => void;
  /** Changes a bit of what is on disk of a generation; `at` in [0, 1) chooses which. Absent: no bit flips here. */
  readonly flipBit?: (generation: number, at: number) => Promise<void>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const meta = (text: string): Uint8Array => bytes(`meta ${text}`);

function record(number: number, length = (number * 37) % 200): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (number * 31 + at * 7) & 0xff);
}

function records(from: number, end: number): Uint8Array[] {
  return Array.from({ length: end - from }, (_, at) => record(from + at));
}

async function readAll(engine: StateEngine, maxBytes: number): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  while (all.length < engine.count) {
    const page = await engine.read(all.length, maxBytes);
    expect(page.length).toBeGreaterThan(0);
    all.push(...page);
  }
  return all;
}

const plain = (list: readonly Uint8Array[]): string[] => list.map((one) => Buffer.from(one).toString("hex"));

/** What every StateStorage must do, however it does it (src/ports.ts). */
export function describeStateStorage(make: () => Promise<EngineWorld>): void {
  describe("as every storage of states", () => {
    let world: EngineWorld;
    let storage: StateStorage;
    beforeEach(async () => {
      world = await make();
      storage = await world.restart();
    });
    afterEach(() => world.cleanUp());

    it("begins without anything", async () => {
      expect(await storage.list()).toEqual([]);
      const engine = await storage.open(1);
      expect([engine.count, engine.meta]).toEqual([0, null]);
      expect(await engine.read(0, 1000)).toEqual([]);
      await engine.close();
    });

    it("keeps what was committed, over a restart", async () => {
      let engine = await storage.open(1);
      await engine.commit(records(0, 10), meta("one"));
      await engine.commit([], meta("two"));
      await engine.commit(records(10, 500), meta("three"));
      expect(engine.count).toBe(500);
      expect(engine.bytes).toBeGreaterThan(0);
      expect(Buffer.from(engine.meta ?? []).toString()).toBe("meta three");
      await engine.close();
      storage = await world.restart();
      engine = await storage.open(1);
      expect(engine.count).toBe(500);
      expect(Buffer.from(engine.meta ?? []).toString()).toBe("meta three");
      expect(plain(await readAll(engine, 1000))).toEqual(plain(records(0, 500)));
      await engine.commit(records(500, 510), meta("four"));
      expect(plain(await engine.read(495, 1e6))).toEqual(plain(records(495, 510)));
      await engine.close();
    });

    it("tells a meta without records from none", async () => {
      let engine = await storage.open(1);
      await engine.commit([], new Uint8Array(0));
      await engine.close();
      storage = await world.restart();
      engine = await storage.open(1);
      expect(engine.count).toBe(0);
      expect(engine.meta).toEqual(new Uint8Array(0));
      await engine.close();
    });

    it("reads from any record, as many as fit, one at least", async () => {
      const engine = await storage.open(1);
      for (let from = 0; from < 300; from += 60)
        await engine.commit(records(from, from + 60), meta(`${from}`));
      for (const from of [0, 1, 59, 60, 61, 150, 299]) {
        for (const maxBytes of [0, 1, 150, 1000, 20_000, 1e6]) {
          const read = await engine.read(from, maxBytes);
          expect(plain(read)).toEqual(plain(records(from, from + read.length)));
          expect(read.length).toBeGreaterThan(0);
          const size = read.reduce((sum, one) => sum + one.length, 0);
          expect(read.length === 1 || size <= maxBytes).toBe(true);
          const next = from + read.length;
          expect(next === 300 || size + record(next).length > maxBytes).toBe(true);
        }
      }
      expect(await engine.read(300, 1000)).toEqual([]);
      await engine.close();
    });

    it("takes records of all sizes, and a meta of some size", async () => {
      const sizes = [0, 1, 4095, 4096, 4097, 65_500, 65_536, 70_000, 1_600_000, 0, 3];
      const large = Buffer.alloc(10_000, 7);
      let engine = await storage.open(1);
      await engine.commit(
        sizes.map((size, at) => record(at, size)),
        large,
      );
      await engine.close();
      storage = await world.restart();
      engine = await storage.open(1);
      expect(Buffer.from(engine.meta ?? []).equals(large)).toBe(true);
      const read = await readAll(engine, 100_000);
      expect(read.length).toBe(sizes.length);
      expect(read.every((one, at) => Buffer.from(one).equals(record(at, sizes[at])))).toBe(true);
      await engine.close();
    });

    it("takes bytes as they are when it is called, and gives bytes that are the caller's", async () => {
      const engine = await storage.open(1);
      const given = [Buffer.from("given")];
      const head = Buffer.from("head");
      const commit = engine.commit(given, head);
      await commit;
      given[0]?.fill(0);
      head.fill(0);
      const [read] = await engine.read(0, 100);
      expect(Buffer.from(read ?? []).toString()).toBe("given");
      expect(Buffer.from(engine.meta ?? []).toString()).toBe("head");
      read?.fill(1);
      expect(plain(await engine.read(0, 100))).toEqual(plain([bytes("given")]));
      await engine.close();
    });

    it("reads what was there beside a commit", async () => {
      const engine = await storage.open(1);
      await engine.commit(records(0, 100), meta("one"));
      const commit = engine.commit(records(100, 200), meta("two"));
      const reads = await Promise.all([engine.read(0, 1e6), engine.read(50, 1e6), engine.read(100, 1e6)]);
      await commit;
      expect(plain(reads[0])).toEqual(plain(records(0, 100)));
      expect(plain(reads[1])).toEqual(plain(records(50, 100)));
      expect(reads[2]).toEqual([]);
      expect((await engine.read(100, 1e6)).length).toBe(100);
      await engine.close();
    });

    it("keeps generations apart, lists and removes them", async () => {
      for (const generation of [3, 1, 10]) {
        const engine = await storage.open(generation);
        await engine.commit([bytes(`of ${generation}`)], meta(`${generation}`));
        await engine.close();
      }
      expect((await storage.list()).toSorted((one, other) => one - other)).toEqual([1, 3, 10]);
      await storage.remove(3);
      await storage.remove(3);
      storage = await world.restart();
      expect((await storage.list()).toSorted((one, other) => one - other)).toEqual([1, 10]);
      const again = await storage.open(3);
      expect([again.count, again.meta]).toEqual([0, null]);
      const ten = await storage.open(10);
      expect(plain(await ten.read(0, 100))).toEqual(plain([bytes("of 10")]));
      await Promise.all([again.close(), ten.close()]);
    });

    it("is there once it was opened, even if nothing was committed", async () => {
      await (await storage.open(7)).close();
      storage = await world.restart();
      expect(await storage.list()).toEqual([7]);
    });

    it("leaves all as it was where there is no space, and goes on when there is", async ({ skip }) => {
      const { setSpace } = world;
      if (setSpace === undefined) {
        skip("this world does not run out of space");
        return;
      }
      let engine = await storage.open(1);
      await engine.commit(records(0, 100), meta("one"));
      const large = Array.from({ length: 40 }, (_, at) => record(at, 100_000));
      for (const space of [0, 1000, 50_000, 500_000]) {
        setSpace(space);
        await expect(engine.commit(large, meta("two"))).rejects.toMatchObject({ code: "ENOSPC" });
        expect(engine.count).toBe(100);
        expect(Buffer.from(engine.meta ?? []).toString()).toBe("meta one");
        expect(plain(await readAll(engine, 1000))).toEqual(plain(records(0, 100)));
      }
      setSpace(null);
      await engine.commit(large, meta("three"));
      await engine.close();
      storage = await world.restart();
      engine = await storage.open(1);
      expect(Buffer.from(engine.meta ?? []).toString()).toBe("meta three");
      expect(plain(await readAll(engine, 1e6))).toEqual(plain([...records(0, 100), ...large]));
      await engine.close();
    });

    it("gives what was written or says that it is damaged, whatever bit flips", async ({ skip }) => {
      const { flipBit } = world;
      if (flipBit === undefined) {
        skip("no bit flips in this world");
        return;
      }
      const steps = 40;
      let noticed = 0;
      for (let generation = 1; generation <= steps; generation++) {
        const engine = await storage.open(generation);
        await engine.commit(records(0, 20), meta("one"));
        await engine.commit(records(20, 40), meta("two"));
        await engine.close();
        await flipBit(generation, (generation - 1) / steps);
      }
      storage = await world.restart();
      for (let generation = 1; generation <= steps; generation++) {
        try {
          const engine = await storage.open(generation);
          // What was there before the last commit would be wrong too.
          expect(Buffer.from(engine.meta ?? []).toString()).toBe("meta two");
          expect(plain(await readAll(engine, 1000))).toEqual(plain(records(0, 40)));
          await engine.close();
        } catch (error) {
          if (!(error instanceof StateDamaged)) throw error;
          noticed += 1;
        }
      }
      expect(noticed).toBeGreaterThan(0);
    });
  });
}
