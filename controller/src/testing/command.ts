import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";

/** The command as a user starts it: `node GAUNTLET run …`. */
export const GAUNTLET = fileURLToPath(new URL("../../bin/gauntlet.js", import.meta.url));

/** Where the newest run of the default workload was recorded. */
export async function newestRun(root: string): Promise<string> {
  const names = (await readdir(join(root, "register"))).filter((name) => name !== "latest");
  return join(root, "register", names.toSorted().at(-1) ?? "");
}

/** Everything in Docker that the process with this pid made, a line each: type, name, owner. */
export async function leftBy(pid: number | undefined): Promise<readonly string[]> {
  const lists = ["container", "network", "volume"].map(async (type) => {
    const name = type === "container" ? "{{.Names}}" : "{{.Name}}";
    const format = `${type} ${name} {{.Label "gauntlet.owner"}}`;
    const all = type === "container" ? ["--all"] : [];
    const { stdout } = await execa("docker", [type, "ls", ...all, "--format", format]);
    return stdout.split("\n").filter((line) => line.split(" ")[2]?.startsWith(`${pid}/`));
  });
  return (await Promise.all(lists)).flat();
}

export interface Ended {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: readonly string[];
}

/** For one file of tests: a folder that goes with them, and the command as a user runs it there, in a process of its own. */
export function commandInFolder(): {
  readonly folder: () => string;
  readonly gauntlet: (...args: readonly string[]) => Promise<Ended>;
  /** Writes a file there; its path. */
  readonly file: (name: string, text: string) => Promise<string>;
} {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gauntlet-cli-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    folder: () => folder,
    async gauntlet(...args) {
      const options = { cwd: folder, reject: false, timeout: 50_000 } as const;
      const { exitCode, stdout, stderr } = await execa(process.execPath, [GAUNTLET, ...args], options);
      return { code: exitCode, out: stdout, err: stderr.split("\n").filter((line) => line !== "") };
    },
    async file(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
  };
}
