import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

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
