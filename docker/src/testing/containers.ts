import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "../docker-cli.js";
import { messageOf } from "../docker-error.js";

/** A machine that builds and tests other things beside is slow, not wrong. */
const PATIENCE_MS = 60_000;

/** The engine's version; null where tests on containers cannot run, which is said. In CI they must. */
export async function engineForTests(): Promise<string | null> {
  try {
    return await docker(["version", "--format", "{{.Server.Version}}"]);
  } catch (error) {
    const why = messageOf(error);
    if (process.env["CI"] !== undefined) {
      throw new Error(`tests on containers cannot run: ${why}`, { cause: error });
    }
    console.warn(`skipped: tests on containers: ${why}`);
    return null;
  }
}

/** Asks until there is an answer. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(50);
  }
  throw new Error(`no sign of ${what} within ${PATIENCE_MS / 1000} s`);
}

/** Loop devices of this machine that a run's disks are attached to. */
export function attachedLoops(runId: string): string[] {
  return readdirSync("/sys/block").filter((name) => {
    try {
      return readFileSync(`/sys/block/${name}/loop/backing_file`, "utf8").includes(`gauntlet-${runId}-`);
    } catch {
      // No loop device, or nothing is attached.
      return false;
    }
  });
}
