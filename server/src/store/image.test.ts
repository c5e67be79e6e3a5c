import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { ImageDamaged, encodeImage, loadState, receiveImage, type StateMeta } from "./index.js";
import { bytes, del, plain, put } from "./test-requests.js";
import { MemoryEngine, noSpace } from "./testing/memory-engine.js";

const clock = { soon: (callback: () => void) => void setImmediate(callback) };
const configuration = configurationOf([1, 2, 3]);
const bounds = { records: 3, bytes: 200 };

async function stateOf(lengths: readonly number[]): Promise<{ engine: MemoryEngine; meta: StateMeta }> {
  const engine = new MemoryEngine();
  const { store, writer } = await loadState(engine, clock);
  for (const [at, length] of lengths.entries()) {
    store.put(put(`key ${at % 5}`, "v".repeat(length)));
    if (at % 3 === 2) store.deleteRange(del(`key ${at % 4}`));
  }
  return { engine, meta: await writer.write(store, { index: 7, term: 3, configuration }) };
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Uint8Array.from(chunk));
  return all;
}

async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

/** What it is refused with; or that it was not, or left a state that is not an empty one. */
async function refusal(chunks: readonly Uint8Array[]): Promise<string> {
  const engine = new MemoryEngine();
  const error = await receiveImage(from(chunks), engine, bounds).then(
    () => null,
    (error: unknown) => error,
  );
  const { store } = await loadState(engine, clock);
  if (store.revision > 1 || store.records > 0) return "a state";
  return error instanceof ImageDamaged ? "damaged" : String(error);
}

const everything = { key: bytes("\0"), range_end: bytes("\0") };

it("makes the same state of another engine, whatever the sizes of chunks and records", async () => {
  const lengths = fc.array(fc.constantFrom(0, 1, 50, 300, 5000), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 1, max: 700 }), async (list, dataBytes) => {
      const { engine, meta } = await stateOf(list);
      const other = new MemoryEngine();
      expect(await receiveImage(encodeImage(engine, meta, dataBytes), other, bounds)).toEqual(meta);
      const [one, two] = [await loadState(engine, clock), await loadState(other, clock)];
      expect(two.meta).toEqual(meta);
      expect(two.store.hash()).toBe(one.store.hash());
      for (let revision = 1; revision <= meta.revision; revision++) {
        const answer = (store: typeof one.store) => plain(store.range({ ...everything, revision }));
        expect(answer(two.store)).toEqual(answer(one.store));
      }
    }),
    { numRuns: 100 },
  );
});

it("is of the state that was asked for, though the engine has a later one", async () => {
  const { engine, meta } = await stateOf([10, 20, 30]);
  const { store, writer } = await loadState(engine, clock);
  store.put(put("later", "x"));
  await writer.write(store, { index: 8, term: 3, configuration });
  const other = new MemoryEngine();
  await receiveImage(encodeImage(engine, meta), other);
  expect((await loadState(other, clock)).meta).toEqual(meta);
});

describe("an image that is not as it was sent is refused", () => {
  it("with any byte of it flipped", async () => {
    const { engine, meta } = await stateOf([3, 40, 0, 12]);
    const chunks = await collect(encodeImage(engine, meta, 64));
    expect(chunks.length).toBeGreaterThan(5);
    for (const [number, chunk] of chunks.entries()) {
      for (let at = 0; at < chunk.length; at++) {
        const wrong = Uint8Array.from(chunk);
        wrong[at] = (wrong[at] ?? 0) ^ (1 << ((number + at) % 8));
        expect(await refusal(chunks.with(number, wrong))).toBe("damaged");
      }
    }
  });

  it("with a chunk left out, twice, changed with another, cut short or added", async () => {
    const { engine, meta } = await stateOf([3, 40, 0, 12]);
    const chunks = await collect(encodeImage(engine, meta, 64));
    for (const [number, chunk] of chunks.entries()) {
      expect(await refusal(chunks.toSpliced(number, 1))).toBe("damaged");
      expect(await refusal(chunks.toSpliced(number, 0, chunk))).toBe("damaged");
      for (let length = 0; length < chunk.length; length++) {
        expect(await refusal(chunks.with(number, chunk.subarray(0, length)))).toBe("damaged");
      }
      expect(await refusal(chunks.slice(0, number))).toBe("damaged");
    }
    for (const [number, next] of chunks.slice(1).entries()) {
      const swapped = chunks.with(number, next).with(number + 1, chunks[number] ?? next);
      expect(await refusal(swapped)).toBe("damaged");
    }
    expect(await refusal([...chunks, Uint8Array.of(1)])).toBe("damaged");
  });

  it("with chunks of another image", async () => {
    const [one, two] = [await stateOf([3, 40, 0, 12]), await stateOf([3, 40, 1, 11])];
    const [first, second] = [
      await collect(encodeImage(one.engine, one.meta, 64)),
      await collect(encodeImage(two.engine, two.meta, 64)),
    ];
    for (let cut = 1; cut < first.length; cut++) {
      expect(await refusal([...first.slice(0, cut), ...second.slice(cut)])).toBe("damaged");
    }
  });

  it("whose records are not those that its meta speaks of", async () => {
    const { engine, meta } = await stateOf([3, 40, 0, 12]);
    for (const wrong of [{ hash: meta.hash ^ 1 }, { records: meta.records - 1 }]) {
      const chunks = await collect(encodeImage(engine, { ...meta, ...wrong }));
      expect(await refusal(chunks)).toBe("damaged");
    }
  });
});

it("says why it was not taken in where the disk or the sender failed", async () => {
  const { engine, meta } = await stateOf([3, 40, 0, 12, 100, 100]);
  const chunks = await collect(encodeImage(engine, meta, 64));
  for (let fails = 0; fails < 3; fails++) {
    const full = new MemoryEngine();
    let calls = 0;
    full.fault = () => (calls++ === fails ? noSpace() : null);
    await expect(receiveImage(from(chunks), full, bounds)).rejects.toMatchObject({ code: "ENOSPC" });
    expect((await loadState(full, clock)).store.records).toBe(0);
  }
  async function* broken() {
    yield* chunks.slice(0, 3);
    throw new Error("the connection ended");
  }
  await expect(receiveImage(broken(), new MemoryEngine())).rejects.toThrow("the connection ended");
  await expect(receiveImage(from(chunks), engine)).rejects.toThrow("an engine of its own");
});
