import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../dist/runtime/testing/hold-lock.js", import.meta.url));
const NAMESPACE = ["unshare", "--net"] as const;
const mayUnshare = spawnSync(NAMESPACE[0], [...NAMESPACE.slice(1), "true"]).status === 0;

let root: string;
let path: string;
let count = 0;
const children: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "gauntlet-lock-"));
  if (!mayUnshare) process.stdout.write("skipped: a lock over network namespaces, which are refused here\n");
});
afterAll(() => rm(root, { recursive: true, force: true }));
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** A process that tries to take the lock of `path`; what it said of it. */
async function holder(prefix: readonly string[] = []) {
  const command: readonly string[] = [...prefix, process.execPath, PROGRAM, path];
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: String(said).trim() };
}

async function freshDirectory(): Promise<void> {
  path = join(root, String(++count));
  await mkdir(path);
}

test("a second process is kept off, and a kill of the first lets it in at once", async () => {
  await freshDirectory();
  const first = await holder();
  expect(first.said).toBe("locked");
  const refused = `${path} is in use by another gauntlet-server`;
  expect((await holder()).said).toBe(refused);
  // The second did not let go of the first one's lock by being refused.
  expect((await holder()).said).toBe(refused);
  await end(first.child);
  expect((await holder()).said).toBe("locked");
});

test.runIf(mayUnshare)("so is one in another network namespace", async () => {
  await freshDirectory();
  const first = await holder(NAMESPACE);
  expect(first.said).toBe("locked");
  expect((await holder()).said).toContain("is in use");
  expect((await holder(NAMESPACE)).said).toContain("is in use");
  await end(first.child);
  expect((await holder(NAMESPACE)).said).toBe("locked");
});

test("directories side by side have locks of their own", async () => {
  await freshDirectory();
  expect((await holder()).said).toBe("locked");
  await freshDirectory();
  expect((await holder()).said).toBe("locked");
});
