#!/usr/bin/env node
// Makes the node image where it does not exist yet and prints its tag: image.js [server entry]. Exit code 3 on failure.
import { ensureImages } from "../dist/image.js";

const [serverEntry] = process.argv.slice(2);
try {
  const log = (line) => console.error(line);
  const { image } = await ensureImages({ log, ...(serverEntry === undefined ? {} : { serverEntry }) });
  console.log(image);
} catch (error) {
  console.error(error.name === "DockerError" ? error.message : error);
  process.exitCode = 3;
}
