import { expect, it } from "vitest";
import { configurationOf } from "../raft/configuration.js";
import { Wal, dumpLine, dumpWal, verdictLine, verifyWal } from "./index.js";
import { segmentName } from "./segment.js";
import { TestDisk } from "./test-disk.js";
import { entry, walOptions } from "./test-log.js";

const FIRST = segmentName(1);

async function sample(): Promise<TestDisk> {
  const disk = new TestDisk();
  const { wal } = await Wal.open(disk, walOptions(1024));
  await wal.append({ hardState: { term: 1, vote: 2 }, snapshot: null, entries: [entry(1), entry(2)] });
  const mark = { index: 9, term: 4, configuration: configurationOf([1, 2, 3]) };
  await wal.append({
    hardState: { term: 4, vote: null },
    snapshot: { mark, generation: 5 },
    entries: [entry(10, 4)],
  });
  await wal.close();
  return disk;
}

async function lines(disk: TestDisk): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const record of dumpWal(disk)) found.push(dumpLine(record));
  return found;
}

it("prints every record with its place", async () => {
  expect(await lines(await sample())).toMatchInlineSnapshot(`
    [
      "0000000000000001.wal          0      112  segment of member 3 of cluster 77, begins after entry 0 of term 0, term 0, vote none, state 0",
      "0000000000000001.wal        112       28  term 1, vote 2",
      "0000000000000001.wal        140       48  entry 1, term 1, normal, 7 bytes",
      "0000000000000001.wal        188       48  entry 2, term 1, normal, 7 bytes",
      "0000000000000001.wal        236       72  synced up to here: entry 2 of term 1, term 1, vote 2, state 0",
      "0000000000000001.wal        308       26  term 4, vote none",
      "0000000000000001.wal        334       43  snapshot of entry 9, term 4, state 5",
      "0000000000000001.wal        377       49  entry 10, term 4, normal, 8 bytes",
      "0000000000000001.wal        426       72  synced up to here: entry 10 of term 4, term 4, vote none, state 5",
    ]
  `);
});

it("prints where the log goes on, and finds out when that is gone", async () => {
  const disk = await sample();
  const { wal } = await Wal.open(disk, walOptions(1024));
  await wal.append({ hardState: null, snapshot: null, entries: [entry(11, 4, "x".repeat(500))] });
  await wal.close();
  expect((await lines(disk)).filter((line) => line.startsWith(FIRST)).at(-1)).toMatch(
    /goes on in the next segment$/,
  );
  expect(verdictLine(await verifyWal(disk))).toMatch(/^sound: .*entries 10 to 11/);
  await disk.remove(segmentName(2));
  expect(verdictLine(await verifyWal(disk))).toBe(
    `damaged: segment ${segmentName(2)}, byte 0: the segment is missing, and the one before says that the log goes on ` +
      "in it. What this member has promised cannot be told from what is left",
  );
});

it("goes on behind damage", async () => {
  const disk = await sample();
  const bytes = disk.contents(FIRST);
  bytes.writeUInt8(bytes.readUInt8(150) ^ 1, 150);
  disk.plant(FIRST, bytes);
  const found = await lines(disk);
  const whole = await lines(await sample());
  expect(found.filter((line) => line.endsWith("no record verifies here"))).toHaveLength(1);
  expect(found.filter((line) => whole.includes(line))).toHaveLength(whole.length - 1);
});

it("tells sound from torn, damaged, refused and empty", async () => {
  const disk = await sample();
  const before = disk.contents(FIRST);
  const verdicts = [verdictLine(await verifyWal(new TestDisk())), verdictLine(await verifyWal(disk))];
  const torn = Buffer.from(before);
  torn.write("half a record", before.findLastIndex((byte) => byte !== 0) + 30);
  disk.plant(FIRST, torn);
  verdicts.push(verdictLine(await verifyWal(disk)));
  expect(disk.contents(FIRST)).toEqual(torn);
  for (const at of [150, 200]) {
    const damaged = Buffer.from(before);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    disk.plant(FIRST, damaged);
    verdicts.push(verdictLine(await verifyWal(disk)));
  }
  disk.plant(segmentName(2), before);
  disk.plant(FIRST, before);
  verdicts.push(verdictLine(await verifyWal(disk)));
  expect(verdicts).toMatchInlineSnapshot(`
    [
      "no log is here",
      "sound: member 3 of cluster 77, term 4, vote none, entries 10 to 10, state 5, segments 0000000000000001.wal to 0000000000000001.wal",
      "torn: the last write was cut short by a crash (35 bytes, never acknowledged); the server cuts it off when it starts. What is whole: member 3 of cluster 77, term 4, vote none, entries 10 to 10, state 5, segments 0000000000000001.wal to 0000000000000001.wal",
      "damaged: segment 0000000000000001.wal, byte 140: no record verifies there, yet the record at byte 236 shows that it had been synced. What stands behind proves: term 4, vote none, last entry 10",
      "damaged: segment 0000000000000001.wal, byte 188: no record verifies there, yet the record at byte 236 shows that it had been synced. What stands behind proves: term 4, vote none, last entry 10",
      "refused: segment 0000000000000002.wal is segment number 1 under another name: put it back",
    ]
  `);
});
