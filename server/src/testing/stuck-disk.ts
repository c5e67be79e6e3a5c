import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

/**
 * Loaded before a server: its writes get stuck for ever, as on a disk that does not answer, once there is a
 * fifo `stuck` in its data directory. To open a fifo that nobody writes holds a thread of the pool, for
 * which `process.exit` waits too.
 */
const directory = process.argv.find((argument) => argument.startsWith("--data-dir="))?.split("=")[1] ?? "";
const fifo = join(directory, "stuck");
const handle = await open(process.execPath);
const prototype = Object.getPrototypeOf(handle) as { writev: (...parameters: unknown[]) => unknown };
await handle.close();
const { writev } = prototype;
prototype.writev = async function (...parameters) {
  if (existsSync(fifo)) {
    process.stderr.write("stuck\n");
    await open(fifo, "r");
  }
  return writev.apply(this, parameters);
};
