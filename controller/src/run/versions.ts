import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../cli/paths.js";

/** The packages that drive, record and judge a run. */
const RIG = ["checker", "client", "controller", "docker", "histories", "nemesis", "proto", "workloads"];

/**
 * What judged a run, for test.json: the content of the built rig, and the commit where there is one
 * (a checkout may hold more than its commit, so the content is told in any case).
 */
export async function rigVersions(): Promise<Readonly<Record<string, string>>> {
  const [rig, git] = await Promise.all([
    contentHash(),
    execa("git", ["rev-parse", "HEAD"], { cwd: REPOSITORY, reject: false, stdin: "ignore" }),
  ]);
  return {
    rig,
    ...(git.failed ? {} : { commit: git.stdout.trim() }),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

async function contentHash(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of RIG) {
    const dist = join(REPOSITORY, name, "dist");
    const files = (await readdir(dist, { recursive: true })).filter(
      (file) => file.endsWith(".js") && !file.endsWith(".test.js"),
    );
    for (const file of files.toSorted()) {
      hash.update(`${name}/${file}\0`).update(await readFile(join(dist, file)));
    }
  }
  return `sha256:${hash.digest("hex")}`;
}
