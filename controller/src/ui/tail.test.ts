import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TailedFile } from "./tail.js";

describe("TailedFile", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gauntlet-tail-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function all(file: TailedFile): Promise<string[]> {
    const lines: string[] = [];
    while (await file.read((line) => lines.push(line)));
    return lines;
  }

  test("a file that is not there yet has no lines, and each line is given once, when it is whole", async () => {
    const path = join(folder, "history.jsonl");
    const file = new TailedFile(path);
    expect(await all(file)).toEqual([]);
    await writeFile(path, "one\ntw");
    expect(await all(file)).toEqual(["one"]);
    await appendFile(path, "o\nthree\n");
    expect(await all(file)).toEqual(["two", "three"]);
    expect(await all(file)).toEqual([]);
  });

  test("lines over many chunks, with the byte where each begins; one that fits into no chunk is left out", async () => {
    const path = join(folder, "long");
    const lines = Array.from({ length: 3_000 }, (_, index) => `${index} ${"é".repeat(400)}`);
    const huge = "x".repeat(3 * 1024 * 1024);
    await writeFile(path, `${lines.join("\n")}\n${huge}\nlast\n`);
    const file = new TailedFile(path);
    const offsets: number[] = [];
    const found: string[] = [];
    while (
      await file.read((line, offset) => {
        found.push(line);
        offsets.push(offset);
      })
    );
    expect(found).toEqual([...lines, "last"]);
    const text = Buffer.from(`${lines.join("\n")}\n`);
    expect(offsets[1_234]).toBe(text.indexOf(`${lines[1_234]}\n`));
  });

  test("skipping to near the end begins at a whole line; a file that shrank is read anew", async () => {
    const path = join(folder, "server.log");
    await writeFile(path, "aaaa\nbbbb\ncccc\n");
    const file = new TailedFile(path);
    file.skipTo(7);
    expect(await all(file)).toEqual(["cccc"]);
    await writeFile(path, "new\n");
    expect(await all(file)).toEqual(["new"]);
  });
});
