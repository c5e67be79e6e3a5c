import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { execa } from "execa";
import { PATHS } from "./agent/paths.js";
import { explain } from "./docker-cli.js";
import { DockerError } from "./docker-error.js";

/** Compressed. What a run of minutes leaves is a few megabytes. */
const MAX_SAVED_BYTES = 256 * 1024 * 1024;
const SAVE_TIMEOUT_MS = 20_000;

/**
 * Packs a container's data directory, whose server must have ended, into a file of this machine. Through a command in the container: its disk is mounted
 * in there and nowhere else. Throws a DockerError, and leaves nothing then.
 */
export async function saveData(container: string, path: string): Promise<void> {
  const partial = `${path}.part`;
  // Sparse: a database reserves far more than it holds.
  const pack = ["tar", "--create", "--gzip", "--sparse", `--directory=${PATHS.disk}`, "server"];
  const packing = execa("docker", ["exec", container, ...pack], {
    reject: false,
    stdin: "ignore",
    stdout: "pipe",
    buffer: { stdout: false },
    encoding: "buffer",
    timeout: SAVE_TIMEOUT_MS,
    detached: true,
  });
  const file = createWriteStream(partial);
  let bytes = 0;
  packing.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_SAVED_BYTES) packing.kill();
  });
  const written = new Promise<Error | null>((resolve) => {
    file.once("error", (error) => {
      // Nobody reads on: it would wait for its time limit.
      packing.kill();
      resolve(error);
    });
    file.once("close", () => resolve(null));
  });
  packing.stdout.pipe(file);
  const result = await packing;
  const failure = await written;
  const why =
    failure?.message ??
    (bytes > MAX_SAVED_BYTES
      ? `more than ${MAX_SAVED_BYTES / 1024 / 1024} MB compressed`
      : result.timedOut
        ? `not packed within ${SAVE_TIMEOUT_MS / 1000} s`
        : result.failed
          ? explain("tar", Buffer.from(result.stderr).toString("utf8"))
          : null);
  if (why === null) return rename(partial, path);
  await rm(partial, { force: true });
  throw new DockerError(`${container}: ${why}`);
}
