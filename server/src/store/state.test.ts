import type { etcdserverpb as pb } from "@gauntlet/proto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { KvStore, decodeMeta, encodeMeta, loadState, validateTxn } from "./index.js";
import { command, requests } from "./test-arbitraries.js";
import { bytes, op, plain, put } from "./test-requests.js";
import { MemoryEngine, noSpace } from "./testing/memory-engine.js";

const clock = { soon: (callback: () => void) => void setImmediate(callback) };
const configuration = configurationOf([1, 2, 3]);
/** So small that every state takes many commits. */
const bounds = { records: 3, bytes: 200 };

/** What the log holds: command `at` is entry `at + 1`. */
function commands(list: readonly pb.IRequestOp[]): Uint8Array[] {
  return list.flatMap((request) => {
    if (request.request_txn && validateTxn(request.request_txn) !== null) return [];
    const data = command(request);
    return data === null ? [] : [data];
  });
}

function replay(log: readonly Uint8Array[], to: number): KvStore {
  const store = new KvStore();
  for (const data of log.slice(0, to)) store.applyCommand(data);
  return store;
}

const mark = (index: number) => ({ index, term: 1, configuration });

/** All that can be asked of a store. */
function answers(store: KvStore): unknown {
  const everything = { key: bytes("\0"), range_end: bytes("\0") };
  const revisions = Array.from({ length: store.revision }, (_, at) => {
    const result = store.range({ ...everything, revision: at + 1 });
    return [store.hashAt(at + 1), result.type === "ok" ? plain(result.response) : result.error];
  });
  const { keys, versions } = store.sizes();
  return [store.revision, store.hash(), store.stateHash(9), store.members, keys, versions, revisions];
}

/** A log, and in ascending order the entries after which a checkpoint is written. */
const histories = fc
  .tuple(fc.array(requests, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 5 }))
  .map(([list, cuts]) => {
    const log = commands(list);
    return { log, cuts: cuts.map((cut) => Math.min(cut, log.length)).toSorted((a, b) => a - b) };
  });

it("loads from any checkpoint what replaying the log gives, and goes on from there", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async ({ log, cuts }) => {
      const engine = new MemoryEngine();
      const { store, meta, writer } = await loadState(engine, clock, bounds);
      expect(meta).toBeNull();
      let applied = 0;
      for (const cut of cuts) {
        for (; applied < cut; applied++) store.applyCommand(log[applied] ?? bytes(""));
        const written = await writer.write(store, mark(applied));
        const loaded = await loadState(engine, clock, bounds);
        expect(loaded.meta).toEqual(written);
        expect(written).toMatchObject({ index: applied, records: store.records, hash: store.hash() });
        expect(answers(loaded.store)).toEqual(answers(replay(log, cut)));
        for (const data of log.slice(cut)) loaded.store.applyCommand(data);
        expect(answers(loaded.store)).toEqual(answers(replay(log, log.length)));
      }
    }),
    { numRuns: 60 },
  );
});

it("is a whole state after a crash at any commit, and none of what was written is written again", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async ({ log, cuts }) => {
      const engine = new MemoryEngine();
      const { store, writer } = await loadState(engine, clock, bounds);
      let applied = 0;
      for (const cut of cuts) {
        for (; applied < cut; applied++) store.applyCommand(log[applied] ?? bytes(""));
        await writer.write(store, mark(applied));
      }
      for (let commits = 0; commits <= engine.commits; commits++) {
        const left = engine.after(commits);
        const loaded = await loadState(left, clock, bounds);
        const index = loaded.meta?.index ?? 0;
        expect([0, ...cuts]).toContain(index);
        expect(answers(loaded.store)).toEqual(answers(replay(log, index)));
        // The rest of the log, and a checkpoint after each entry: some are behind what the engine has.
        for (let at = index; at < log.length; at++) {
          loaded.store.applyCommand(log[at] ?? bytes(""));
          const had = left.count;
          await loaded.writer.write(loaded.store, mark(at + 1));
          expect(left.count).toBe(Math.max(had, loaded.store.records));
          expect(decodeMeta(left.meta ?? bytes("")).index).toBe(at + 1);
        }
        const again = await loadState(left, clock, bounds);
        expect(answers(again.store)).toEqual(answers(loaded.store));
      }
    }),
    { numRuns: 25 },
  );
});

it("keeps the state before a checkpoint that runs out of space, and finishes it later", async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.array(fc.boolean(), { minLength: 1 }), async ({ log }, faults) => {
      const engine = new MemoryEngine();
      const { store, writer } = await loadState(engine, clock, bounds);
      let calls = 0;
      engine.fault = () => (faults[calls++ % (faults.length + 1)] === true ? noSpace() : null);
      let last = 0;
      for (const [at, data] of log.entries()) {
        store.applyCommand(data);
        const error = await writer.write(store, mark(at + 1)).then(
          () => null,
          (error: unknown) => error,
        );
        expect(error ?? noSpace()).toMatchObject({ code: "ENOSPC" });
        if (error === null) last = at + 1;
        const loaded = await loadState(engine.after(engine.commits), clock, bounds);
        expect(loaded.meta?.index ?? 0).toBe(last);
        expect(answers(loaded.store)).toEqual(answers(replay(log, last)));
      }
    }),
    { numRuns: 40 },
  );
});

describe("a checkpoint", () => {
  it("is of the state at the call, whatever is applied while it is written", async () => {
    const engine = new MemoryEngine();
    const { store, writer } = await loadState(engine, clock, bounds);
    for (let at = 0; at < 50; at++) store.put(put(`key ${at}`, "before"));
    const [hash, revision] = [store.hash(), store.revision];
    const writing = writer.write(store, mark(50));
    const timer = setInterval(() => store.put(put("key 1", "after")), 0);
    const meta = await writing;
    clearInterval(timer);
    expect(engine.commits).toBeGreaterThan(10);
    expect(meta).toMatchObject({ hash, revision, records: 50, index: 50 });
    const loaded = await loadState(engine, clock);
    expect([loaded.store.hash(), loaded.store.revision]).toEqual([hash, revision]);
  });

  it("is one at a time", async () => {
    const { store, writer } = await loadState(new MemoryEngine(), clock);
    store.put(put("a", "1"));
    const first = writer.write(store, mark(1));
    await expect(writer.write(store, mark(1))).rejects.toThrow("written already");
    await first;
    await writer.write(store, mark(1));
  });

  it("of one entry with very many changes is many commits, and none of them half of it", async () => {
    const engine = new MemoryEngine();
    const { store, writer } = await loadState(engine, clock, bounds);
    store.put(put("before", "1"));
    await writer.write(store, mark(1));
    const before = engine.commits;
    store.txn({ success: Array.from({ length: 100 }, (_, at) => op.put(`key ${at}`, "x")) });
    await writer.write(store, mark(2));
    expect(engine.commits - before).toBeGreaterThan(30);
    for (let commits = before; commits < engine.commits; commits++) {
      const { meta, store: loaded } = await loadState(engine.after(commits), clock);
      expect([meta?.index, loaded.sizes().keys]).toEqual([1, 1]);
    }
  });

  it("stops where the log gives other records than a checkpoint before a crash wrote", async () => {
    const engine = new MemoryEngine();
    const { store, writer } = await loadState(engine, clock, bounds);
    for (let at = 0; at < 9; at++) store.put(put(`key ${at}`, "one"));
    await writer.write(store, mark(9));
    const crashed = engine.after(2);
    const loaded = await loadState(crashed, clock, bounds);
    expect([loaded.meta?.index, loaded.store.records, crashed.count]).toEqual([0, 0, 6]);
    for (let at = 0; at < 9; at++) loaded.store.put(put(`key ${at}`, at === 4 ? "other" : "one"));
    await expect(loaded.writer.write(loaded.store, mark(9))).rejects.toMatchObject({ name: "StateDamaged" });
  });
});

describe("a store that is loaded", () => {
  async function engineOf(count: number): Promise<MemoryEngine> {
    const engine = new MemoryEngine();
    const { store, writer } = await loadState(engine, clock);
    store.applyConfiguration(configuration, new Uint8Array(0));
    for (let at = 0; at < count; at++) store.put(put(`key ${at % 7}`, `value ${at}`));
    await writer.write(store, mark(count));
    return engine;
  }

  it("is refused for any byte of records or meta that is not as it was written, but for the mark", async () => {
    const engine = await engineOf(4);
    const records = await engine.read(0, 1e6);
    const meta = engine.meta ?? bytes("");
    for (const [number, record] of records.entries()) {
      for (let at = 0; at < record.length; at++) {
        const wrong = Uint8Array.from(record);
        wrong[at] = (wrong[at] ?? 0) ^ (1 << (at % 8));
        const damaged = new MemoryEngine();
        await damaged.commit(records.with(number, wrong), meta);
        await expect(loadState(damaged, clock)).rejects.toMatchObject({ name: "StateDamaged" });
      }
    }
    const { records: count, hash } = decodeMeta(meta);
    for (const wrong of [
      { records: count - 1 },
      { records: count + 1 },
      { hash: hash ^ 1 },
      { revision: 1 },
    ]) {
      const damaged = new MemoryEngine();
      await damaged.commit(records, encodeMeta({ ...decodeMeta(meta), ...wrong }));
      await expect(loadState(damaged, clock)).rejects.toMatchObject({ name: "StateDamaged" });
    }
  });

  it("is refused where the meta is none, or of a later format", async () => {
    for (const [meta, name] of [
      [bytes("\xff\xff\xff"), "StateDamaged"],
      [new Uint8Array(0), "StateDamaged"],
      [Uint8Array.of(8, 2), "StateFormatError"],
    ] as const) {
      const engine = new MemoryEngine();
      await engine.commit([], meta);
      await expect(loadState(engine, clock)).rejects.toMatchObject({ name });
    }
  });

  it("takes the place of another, whose answers stay as they were", async () => {
    const [old, { store: fresh }] = [new KvStore(), await loadState(await engineOf(20), clock)];
    old.put(put("old", "bytes"));
    const answer = old.range({ key: bytes("old") });
    const expected = answers(fresh);
    old.replaceBy(fresh);
    expect(answers(old)).toEqual(expected);
    expect(answer).toMatchObject({ response: { kvs: [{ value: bytes("bytes") }] } });
    old.put(put("old", "again"));
    expect(old.range({ key: bytes("old") })).toMatchObject({ response: { kvs: [{ version: 1 }] } });
  });

  it("takes turns with other work", async () => {
    const engine = await engineOf(5000);
    let turns = 0;
    await loadState(engine, {
      soon: (callback) => {
        turns += 1;
        setImmediate(callback);
      },
    });
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});
