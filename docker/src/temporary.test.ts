import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { formatOwner, thisProcess } from "./owner.js";
import { removeLeftoverDirectories, temporaryDirectory } from "./temporary.js";

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

/** What a killed process leaves. */
const KILLED = `
  import { mkdirSync, writeFileSync } from "node:fs";
  import { temporaryDirectory } from "@gauntlet/docker";
  const { path } = await temporaryDirectory("gauntlet-temporary-");
  mkdirSync(path + "/deeper");
  writeFileSync(path + "/deeper/a", "1");
  process.stdout.write(path, () => process.kill(process.pid, "SIGKILL"));
`;

test("what a killed process left is removed by the next, and what is of one that lives stays", async () => {
  const killed = await execa(process.execPath, ["--input-type=module", "--eval", KILLED], {
    cwd: import.meta.dirname,
    reject: false,
  });
  expect(killed.signal).toBe("SIGKILL");
  expect(existsSync(join(killed.stdout, "deeper/a"))).toBe(true);
  const mine = await temporaryDirectory("gauntlet-temporary-");
  expect(await removeLeftoverDirectories()).toContain(killed.stdout);
  expect(existsSync(killed.stdout)).toBe(false);
  expect(existsSync(mine.path)).toBe(true);
  await mine.remove();
});

test("of a directory that is not surely a dead process's nothing is removed", async () => {
  const root = await mkdtemp(join(tmpdir(), "gauntlet-temporary-test-"));
  const elsewhere = { ...thisProcess(), namespace: "elsewhere" };
  const dead = { ...thisProcess(), startedAt: "1" };
  const make = async (name: string, owner: string | null): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), name));
    if (owner !== null) await writeFile(join(path, ".gauntlet-owner"), owner);
    return path;
  };
  const kept = [
    await make("gauntlet-temporary-nobody-", null),
    await make("gauntlet-temporary-odd-", "not an owner"),
    await make("gauntlet-temporary-elsewhere-", formatOwner(elsewhere)),
    await make("not-gauntlet-", formatOwner(dead)),
  ];
  // A link to what would go if it lay there itself.
  const target = join(root, "target");
  await mkdir(target);
  await writeFile(join(target, ".gauntlet-owner"), formatOwner(dead));
  const link = join(tmpdir(), `gauntlet-temporary-link-${process.pid}`);
  await symlink(target, link);

  const removed = await removeLeftoverDirectories();
  expect(removed.filter((path) => [...kept, link].includes(path))).toEqual([]);
  for (const path of [...kept, link, target]) expect(existsSync(path)).toBe(true);
  for (const path of [...kept, link, root]) await rm(path, { recursive: true, force: true });
});
