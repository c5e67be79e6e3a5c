#!/usr/bin/env node
// Makes sure that the node image is there. Exit codes: 0, 3 when Docker fails.
import { ensureImages } from "../dist/index.js";

const EXIT_FAILED = 3;
const abort = new AbortController();
process.once("SIGINT", () => abort.abort());
process.once("SIGTERM", () => abort.abort());
try {
  const { image } = await ensureImages({
    log: (line) => console.log(`setup: ${line}`),
    signal: abort.signal,
  });
  console.log(`setup: node image ${image}`);
} catch (error) {
  console.error(error.name === "DockerError" ? error.message : error);
  process.exitCode = EXIT_FAILED;
}
