import { describe, expect, it } from "vitest";
import type { Random } from "../ports.js";
import { Wal, WalCorruption } from "./index.js";
import { segmentName } from "./segment.js";
import { PowerCut, TestDisk, type Operation } from "./test-disk.js";
import { entry, print, segmentsOf, walOptions } from "./test-log.js";

const SEGMENT_BYTES = 800;
/** A power cut that leaves nothing but what was promised. */
const NOTHING_MORE: Random = { below: (bound) => (bound === 2 ? 1 : 0) };

function batch(index: number) {
  return { hardState: index === 1 ? { term: 1, vote: 3 } : null, snapshot: null, entries: [entry(index)] };
}

/** Appends until the log has gone on in its second segment; returns the last index. */
async function rolled(disk: TestDisk): Promise<number> {
  const { wal } = await Wal.open(disk, walOptions(SEGMENT_BYTES));
  let index = 0;
  while ((await segmentsOf(disk)).length < 2) await wal.append(batch(++index));
  return index;
}

describe("when the log goes on in another segment", () => {
  it("the one before says so for good before anything counts in the next: without that one it is damaged", async () => {
    const disk = new TestDisk();
    await rolled(disk);
    const after = disk.cutPower(NOTHING_MORE);
    expect(await segmentsOf(after)).toEqual([1, 2].map(segmentName));
    await after.remove(segmentName(2));
    const opening = Wal.open(after, walOptions(SEGMENT_BYTES));
    await expect(opening).rejects.toThrow(WalCorruption);
    await expect(opening).rejects.toMatchObject({ provable: null });
  });

  it("a name that a killed process could not make durable is so before anything is acknowledged behind it", async () => {
    const disk = new TestDisk();
    const { wal } = await Wal.open(disk, walOptions(SEGMENT_BYTES));
    const seen: Operation[] = [];
    disk.before = (operation) => {
      if (operation === "syncDirectory" && seen.at(-1) === "rename") throw new PowerCut();
      seen.push(operation);
    };
    let index = 0;
    await expect(
      (async () => {
        for (;;) await wal.append(batch(++index));
      })(),
    ).rejects.toThrow("the disk failed");
    const restarted = disk.killProcess();
    expect(await segmentsOf(restarted)).toEqual([1, 2].map(segmentName));
    const { wal: next, entries } = await Wal.open(restarted, walOptions(1 << 14));
    expect(entries).toHaveLength(index - 1);
    await next.append({ ...batch(index), hardState: { term: 7, vote: 2 } });
    const found = await Wal.open(restarted.cutPower(NOTHING_MORE), walOptions(SEGMENT_BYTES));
    const all = Array.from({ length: index }, (_, at) => entry(at + 1));
    expect(print(found)).toBe(
      print({ hardState: { term: 7, vote: 2 }, firstIndex: 1, entries: all, generation: 0 }),
    );
  });
});
