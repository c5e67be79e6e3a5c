/** A process that takes the lock of the directory it is given, says whether it could, and lives on with it. */
import { lockDirectory } from "../directory-lock.js";

try {
  await lockDirectory(process.argv[2] ?? "");
  process.stdout.write("locked\n");
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
