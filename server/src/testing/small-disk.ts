import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own, in memory, that is soon full. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves no byte to anybody. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  makeRoom(): Promise<void>;
  /** Ends it; nobody may use it any more. */
  unmount(): void;
}

/** Null: mounting is refused here. */
export function smallDisk(mebibytes: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), "gauntlet-small-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmSync(path, { recursive: true });
    return null;
  }
  const filler = join(path, "filler");
  return {
    path,
    fill: async () => {
      await takeAll(filler);
      const { bavail } = await statfs(path);
      if (bavail > 0) throw new Error(`${path} has ${bavail} blocks left`);
    },
    makeRoom: () => rm(filler, { force: true }),
    unmount: () => {
      execFileSync("umount", ["--lazy", path]);
      rmSync(path, { recursive: true });
    },
  };
}

async function takeAll(filler: string): Promise<void> {
  const file = await open(filler, "a");
  try {
    const block = Buffer.alloc(4096, 1);
    for (;;) await file.write(block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    await file.close();
  }
}
