#!/usr/bin/env node
// Removes everything that one process made in Docker; src/emergency.ts starts it. Ctrl-C does not stop it halfway.
import { removeOwned } from "../dist/resources.js";

process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
try {
  await removeOwned(process.argv[2] ?? "");
} catch (error) {
  console.error(error.message);
  process.exitCode = 3;
}
