import { appendFileSync, chownSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { PATHS } from "./paths.js";

/** One JSON line for each thing that the agent did, on the machine's true clock. */
export function log(what: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const line = JSON.stringify({ time: new Date().toISOString(), what, ...fields });
  try {
    appendFileSync(PATHS.agentLog, `${line}\n`);
  } catch (error) {
    // A full disk must not end the agent: the container's own output is the second place.
    process.stderr.write(`${line} (agent.log: ${String(error)})\n`);
  }
}

/** Gives a log file to whoever owns the directory on the host: the rig's user need not be root. */
export function giveToHost(path: string): void {
  const { uid, gid } = statSync(dirname(path));
  chownSync(path, uid, gid);
}
