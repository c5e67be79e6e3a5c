import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { temporaryDirectory } from "./temporary.js";

test("a temporary directory goes with all in it", async () => {
  const { path, remove } = await temporaryDirectory("gauntlet-temporary-");
  await writeFile(join(path, "a"), "1");
  const listeners = process.listenerCount("exit");
  await remove();
  expect(existsSync(path)).toBe(false);
  expect(process.listenerCount("exit")).toBe(listeners - 1);
});

test("a temporary directory goes when the process exits without having removed it", async () => {
  const script = `
    import { mkdirSync, writeFileSync } from "node:fs";
    import { temporaryDirectory } from "@gauntlet/docker";
    const { path } = await temporaryDirectory("gauntlet-temporary-");
    mkdirSync(path + "/deeper");
    writeFileSync(path + "/deeper/a", "1");
    process.stdout.write(path);
    process.exit(3);
  `;
  const ended = await execa(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: import.meta.dirname,
    reject: false,
  });
  expect(ended.exitCode).toBe(3);
  expect(ended.stdout).toContain("gauntlet-temporary-");
  expect(existsSync(ended.stdout)).toBe(false);
});
