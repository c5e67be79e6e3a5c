import { expect, test } from "vitest";
import { TestDisk } from "../wal/test-disk.js";
import { isMarkedCorrupt, markCorrupt, unmarkCorrupt } from "./marker.js";

const HASH = { index: 256, revision: 7, hash: 1 };

test("a state that was found to be wrong stays so over a power cut, until that is taken back, which stays, too", async () => {
  const nothingMore = { below: (bound: number) => (bound === 2 ? 1 : 0) };
  const disk = new TestDisk();
  await markCorrupt(disk, { own: HASH, other: { ...HASH, hash: 2 }, of: "a majority" });
  const after = disk.cutPower(nothingMore);
  expect(await isMarkedCorrupt(after)).toBe(true);
  await unmarkCorrupt(after);
  expect(await isMarkedCorrupt(after.cutPower(nothingMore))).toBe(false);
});
