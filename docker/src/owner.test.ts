import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { formatOwner, mayBeAlive, parseOwner, thisProcess } from "./owner.js";

describe("who owns a container", () => {
  test("survives its label", () => {
    const owner = thisProcess();
    expect(parseOwner(formatOwner(owner))).toEqual(owner);
  });

  test.each(["", "x/1/2", "0/1/2", "-4/1/2"])("%j is nobody", (label) => {
    expect(parseOwner(label)).toBeNull();
  });

  test("this process lives; the same pid with another start time is somebody else", () => {
    const owner = thisProcess();
    expect(mayBeAlive(owner)).toBe(true);
    expect(owner.startedAt).toMatch(/^\d+$/);
    expect(mayBeAlive({ ...owner, startedAt: `${owner.startedAt}1` })).toBe(false);
  });

  test("a process that has ended is gone, also where its start is not known", async () => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "exit");
    expect(mayBeAlive({ ...thisProcess(), pid: child.pid ?? 0, startedAt: "" })).toBe(false);
  });

  test("an owner in another process-id namespace cannot be judged from here", () => {
    expect(mayBeAlive({ pid: 999_999_999, startedAt: "1", namespace: "elsewhere" })).toBe(true);
  });
});
