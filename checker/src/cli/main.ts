import { messageOf } from "./errors.js";
import { EXIT_CODES, SIGNAL_CODES } from "./exit-codes.js";
import { main } from "./program.js";

// Node's own code for these is 1, which says that a history is invalid.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(SIGNAL_CODES.pipeClosed);
    stop(`the output cannot be written: ${messageOf(error)}`);
  });
process.on("uncaughtException", (error) => stop(`a bug in porcupine: ${error.stack ?? messageOf(error)}`));

process.exitCode = await main(process.argv.slice(2));

function stop(reason: string): never {
  process.stderr.write(`porcupine: ${reason}\n`);
  process.exit(EXIT_CODES.failed);
}
