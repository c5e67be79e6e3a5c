import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { formatOwner, thisProcess } from "./owner.js";

let watching = false;

/**
 * From now on a child waits for this process to be gone and then removes what it made: also where it was killed and could
 * clean up nothing. It notices by the end of its standard input, which the kernel closes with us. Once a process.
 */
export function removeOwnedWhenGone(): void {
  if (watching) return;
  watching = true;
  const script = fileURLToPath(new URL("../bin/remove-owned.js", import.meta.url));
  const child = spawn(process.execPath, [script, formatOwner(thisProcess()), "--when-gone"], {
    stdio: ["pipe", "ignore", "ignore"],
    // A session of its own: what ends this one, and a signal to its group, does not reach the child.
    detached: true,
    // Not in a folder that somebody may want to unmount meanwhile.
    cwd: "/",
  });
  // Without it, what is left goes when the next run begins.
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  // A pipe is a socket to Node; it must not keep this process alive.
  (child.stdin as typeof child.stdin & { unref?: () => void }).unref?.();
}
