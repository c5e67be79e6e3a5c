import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { formatOwner, thisProcess } from "./owner.js";

const LIMIT_MS = 30_000;

/**
 * Removes every container, network and volume that this process made, whatever it is in the middle of, and returns
 * when they are gone: for a signal handler that ends the process. The work is done by a child, so nothing of this
 * process's state is needed.
 */
export function removeOwnedNow(): void {
  const script = fileURLToPath(new URL("../bin/remove-owned.js", import.meta.url));
  spawnSync(process.execPath, [script, formatOwner(thisProcess())], { stdio: "inherit", timeout: LIMIT_MS });
}
