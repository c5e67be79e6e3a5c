#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main.href);
} else {
  process.stderr.write(
    "gauntlet-sim: not built yet; run `make setup` (or `npm ci && npm run build`) in the repository\n",
  );
  process.exitCode = 3;
}
