import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Wal } from "../wal/index.js";
import { entry, walOptions } from "../wal/test-log.js";
import { openNodeDisk, withoutPrefix } from "./disk.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gauntlet-disk-"));
});

afterEach(() => rm(directory, { recursive: true }));

describe("a directory of the machine", () => {
  it("is created with its parents, and opened when it is there", async () => {
    const path = join(directory, "a", "b");
    for (let time = 0; time < 2; time++) {
      const disk = await openNodeDisk(path);
      await disk.syncDirectory();
      expect(await disk.list()).toEqual([]);
    }
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it("cannot be a file", async () => {
    await writeFile(join(directory, "file"), "");
    await expect(openNodeDisk(join(directory, "file"))).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  it("writes parts one after another, reads what there is, truncates, renames and removes", async () => {
    const disk = await openNodeDisk(directory);
    const file = await disk.open("one", "create-exclusive");
    const parts = Array.from({ length: 3000 }, (_, at) => Buffer.from(`part ${at};`));
    await file.write([new Uint8Array(0), ...parts], 10);
    await file.write([], 3);
    await file.sync();
    const whole = Buffer.concat([Buffer.alloc(10), ...parts]);
    expect(await file.size()).toBe(whole.length);
    const into = Buffer.alloc(whole.length + 5);
    expect(await file.read(into, 0)).toBe(whole.length);
    expect(into.subarray(0, whole.length).equals(whole)).toBe(true);
    expect(await file.read(into, whole.length)).toBe(0);
    await file.truncate(14);
    await file.close();
    await disk.rename("one", "two");
    expect(await readFile(join(directory, "two"))).toEqual(whole.subarray(0, 14));
    await disk.remove("two");
    expect(await readdir(directory)).toEqual([]);
  });

  it("opens in the mode that was asked for", async () => {
    const disk = await openNodeDisk(directory);
    await expect(disk.open("new", "read")).rejects.toThrow(/ENOENT/);
    await expect(disk.open("new", "read-write")).rejects.toThrow(/ENOENT/);
    await (await disk.open("new", "create-exclusive")).close();
    await expect(disk.open("new", "create-exclusive")).rejects.toThrow(/EEXIST/);
    const reader = await disk.open("new", "read");
    await expect(reader.write([Buffer.from("x")], 0)).rejects.toThrow(/EBADF/);
    await reader.close();
  });
});

it("goes on behind what a short write took", () => {
  const parts = ["abc", "de", "f"].map((part) => Buffer.from(part));
  const rest = Array.from({ length: 7 }, (_, bytes) => Buffer.concat(withoutPrefix(parts, bytes)).toString());
  expect(rest).toEqual(["abcdef", "bcdef", "cdef", "def", "ef", "f", ""]);
});

it("carries a log over restarts, in segments", async () => {
  const disk = await openNodeDisk(join(directory, "wal"));
  for (let start = 1; start <= 300; start += 100) {
    const { wal, entries, repair } = await Wal.open(disk, walOptions(4096));
    expect([entries.length, repair]).toEqual([start - 1, null]);
    const appends: Promise<void>[] = [];
    for (let index = start; index < start + 100; index++) {
      appends.push(wal.append({ hardState: null, snapshot: null, entries: [entry(index)] }));
      if (index % 10 === 0) await Promise.all(appends);
    }
    await Promise.all(appends);
    await wal.close();
  }
  const { wal, entries } = await Wal.open(disk, walOptions(4096));
  expect(entries.map(({ index, data }) => [index, Buffer.from(data).toString()])).toEqual(
    Array.from({ length: 300 }, (_, at) => [at + 1, `value ${at + 1}`]),
  );
  expect(wal.stats().segments).toBeGreaterThan(4);
  await wal.close();
});
