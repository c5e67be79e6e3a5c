import { connect } from "node:net";
import { PATHS } from "./paths.js";

/**
 * The inner end of a channel: joins standard input and output to the agent's socket. It holds no state, so a
 * channel that is lost costs nothing and can be opened again.
 */
const RETRY_MS = 20;
const GIVE_UP_MS = 10_000;
const startedAt = performance.now();

function open(): void {
  const socket = connect(PATHS.socket);
  socket.on("connect", () => {
    process.stdin.pipe(socket);
    socket.pipe(process.stdout);
    socket.on("close", () => process.exit(0));
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    // The agent of a container that has just begun does not listen yet.
    const notYet = error.code === "ENOENT" || error.code === "ECONNREFUSED";
    if (notYet && performance.now() - startedAt < GIVE_UP_MS) {
      setTimeout(open, RETRY_MS);
      return;
    }
    process.stderr.write(`relay: ${PATHS.socket}: ${error.message}\n`);
    process.exit(1);
  });
}

process.stdout.on("error", () => process.exit(0));
open();
