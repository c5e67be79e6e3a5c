import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { smallDisk } from "../testing/small-disk.js";
import { LmdbEngine } from "./lmdb-engine.js";
import { lmdbStates, stateDirectory } from "./lmdb-states.js";

const disk = smallDisk(8);
if (disk === null) process.stdout.write("skipped: states on a full disk, for nothing may be mounted here\n");

const RECORDS = Array.from({ length: 20 }, (_, at) => Buffer.alloc(1000, at));
const META = Buffer.from("as of some entry");

describe.skipIf(disk === null)("a state on a disk without a free byte", () => {
  if (disk === null) return;
  const states = lmdbStates(disk.path);
  let generation = 0;

  beforeEach(async () => {
    await disk.makeRoom();
    const engine = await states.open(++generation);
    await engine.commit(RECORDS, META);
    await engine.close();
    await disk.fill();
  });

  afterAll(() => disk.unmount());

  test("opens and is read, and takes commits when there is room", async () => {
    const engine = await states.open(generation);
    expect([engine.count, Buffer.from(engine.meta ?? [])]).toEqual([20, META]);
    expect((await engine.read(0, 1 << 20)).map((record) => record[0])).toEqual(
      RECORDS.map((each) => each[0]),
    );
    await expect(engine.commit([Buffer.alloc(100_000)], META)).rejects.toMatchObject({ code: "ENOSPC" });
    await disk.makeRoom();
    await engine.commit([Buffer.alloc(100_000, 7)], Buffer.from("later"));
    await engine.close();
    const again = await LmdbEngine.open(stateDirectory(disk.path, generation));
    expect([again.count, String(Buffer.from(again.meta ?? []))]).toEqual([21, "later"]);
    await again.close();
  });

  test("refuses commits without asking LMDB, which would break its own memory over the message", async () => {
    const script = fileURLToPath(new URL("../../dist/runtime/testing/commit-in-vain.js", import.meta.url));
    const run = promisify(execFile)(process.execPath, [script, stateDirectory(disk.path, generation)]);
    expect(await run).toEqual({ stdout: "30 refused\n", stderr: "" });
  });

  test("is not made, which is told as a lack of room, and nothing of it is left", async () => {
    const before = await readdir(disk.path);
    await expect(states.open(99)).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await readdir(disk.path)).toEqual(before);
    await disk.makeRoom();
    const engine = await states.open(99);
    expect(engine.count).toBe(0);
    await engine.close();
  });
});
