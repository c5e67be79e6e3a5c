#!/usr/bin/env node
// Removes everything that one process made in Docker: at once (src/emergency.ts), or with `--when-gone` as soon as the other
// end of standard input is closed (src/undertaker.ts). Ctrl-C does not stop it halfway.
import { removeOwned } from "../dist/resources.js";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
if (process.argv[3] === "--when-gone") {
  await new Promise((resolve) => process.stdin.on("end", resolve).on("error", resolve).resume());
}
try {
  await removeOwned(process.argv[2] ?? "");
} catch (error) {
  console.error(error.message);
  process.exitCode = 3;
}
