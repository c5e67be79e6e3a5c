import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import { pino } from "pino";
import type { Logger } from "pino";
import { ConfigError, EXIT_USAGE, HelpShown, readConfig } from "./config.js";
import type { Config } from "./config.js";
import { ListenError, startNode } from "./node.js";
import { DirectoryLocked } from "./runtime/directory-lock.js";
import { WalError } from "./wal/index.js";

function configOrExit(): Config {
  try {
    return readConfig(process.argv.slice(2), process.env);
  } catch (error) {
    if (error instanceof HelpShown) process.exit(0);
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`gauntlet-server: ${error.message}\n`);
    process.exit(EXIT_USAGE);
  }
}

/** Errors that say all there is to say in one line; any other is shown with where it came from. */
function isForPeople(error: unknown): error is Error {
  if (error instanceof ListenError || error instanceof DirectoryLocked || error instanceof WalError)
    return true;
  return error instanceof Error && "syscall" in error;
}

function dieOf(logger: Logger, what: string): (error: unknown) => never {
  return (error) => {
    logger.fatal({ err: error }, what);
    process.exit(1);
  };
}

async function main(): Promise<void> {
  const config = configOrExit();
  // gRPC would write its own lines to stderr; what matters of them comes back as errors.
  setLogVerbosity(logVerbosity.NONE);
  // Synchronous: the last line before the end is the one that matters most.
  const destination = pino.destination({ dest: 1, sync: true });
  const base = { member: config.name, pid: process.pid };
  const logger = pino(
    { level: config.logLevel, base, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  process.on("uncaughtException", dieOf(logger, "uncaught exception"));
  process.on("unhandledRejection", dieOf(logger, "unhandled rejection"));
  try {
    const node = await startNode(
      config,
      logger,
      dieOf(logger, "fatal: the node stops rather than answer wrongly"),
    );
    let stopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) return;
      stopping = true;
      logger.info({ signal }, "stopping");
      node.stop().then(
        () => {
          logger.info("stopped");
          process.exit(0);
        },
        dieOf(logger, "could not stop cleanly"),
      );
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  } catch (error) {
    if (!isForPeople(error)) dieOf(logger, "could not start")(error);
    else {
      process.stderr.write(`gauntlet-server: ${error.message}\n`);
      process.exit(1);
    }
  }
}

void main();
