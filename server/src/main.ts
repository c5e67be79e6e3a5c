import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import { pino } from "pino";
import type { Logger } from "pino";
import { ConfigError, EXIT_USAGE, HelpShown, readConfig } from "./config.js";
import type { Config } from "./config.js";
import { isCommand, runCommand } from "./commands.js";
import { JoinError } from "./peer/members.js";
import { MemberFileError } from "./member-file.js";
import { StartError } from "./node-directory.js";
import { startNode } from "./node.js";
import type { RunningNode } from "./node.js";
import { DirectoryLocked } from "./runtime/directory-lock.js";
import { ReplicaUnusable } from "./replica/durable.js";
import { StateForeign } from "./replica/state-owner.js";
import { UnknownStateFormat } from "./runtime/state-chunk.js";
import { StateFormatError } from "./store/index.js";
import { WalError } from "./wal/index.js";

/** The cluster has removed this member: there is nothing to start it for again. */
const EXIT_REMOVED = 3;

/** Well within the ten seconds after which a container engine kills. */
const STOP_LIMIT_MS = 5000;

function die(code: number, line: string): never {
  process.stderr.write(`gauntlet-server: ${line}\n`);
  return process.exit(code);
}

function configOrExit(): Config {
  try {
    return readConfig(process.argv.slice(2), process.env);
  } catch (error) {
    if (error instanceof HelpShown) return process.exit(0);
    if (error instanceof ConfigError) return die(EXIT_USAGE, error.message);
    throw error;
  }
}

/** Errors that say all there is to say in one line; any other is shown with where it came from. */
function isForPeople(error: unknown): error is Error {
  const kinds = [
    StartError,
    JoinError,
    MemberFileError,
    DirectoryLocked,
    WalError,
    ReplicaUnusable,
    StateForeign,
    StateFormatError,
    UnknownStateFormat,
  ];
  return kinds.some((kind) => error instanceof kind);
}

function dieOf(logger: Logger, what: string): (error: unknown) => never {
  return (error) => {
    logger.fatal({ err: error }, what);
    return process.exit(1);
  };
}

function createLogger(config: Config): Logger {
  // Synchronous: the last line before the end is the one that matters most.
  const destination = pino.destination({ dest: 1, sync: true });
  const base = { member: config.name, pid: process.pid };
  return pino({ level: config.logLevel, base, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

async function start(
  config: Config,
  logger: Logger,
  removed: (reason: string) => void,
): Promise<RunningNode> {
  const fatal = dieOf(logger, "the node stops rather than answer wrongly");
  try {
    return await startNode(config, logger, { fatal, removed });
  } catch (error) {
    return isForPeople(error) ? die(1, error.message) : dieOf(logger, "could not start")(error);
  }
}

/**
 * Ends the process at once, whatever its threads do: `process.exit` would wait for a disk that is stuck. The log
 * is made for crashes. A first process of a container is deaf to its own SIGKILL, but not to abort.
 */
function crash(): never {
  process.kill(process.pid, "SIGKILL");
  return process.abort();
}

async function stop(node: RunningNode, logger: Logger, exitCode: number): Promise<void> {
  setTimeout(() => {
    logger.error({ limitMs: STOP_LIMIT_MS }, "did not stop in time, ends as in a crash");
    crash();
  }, STOP_LIMIT_MS);
  try {
    await node.stop();
  } catch (error) {
    dieOf(logger, "could not stop cleanly")(error);
  }
  logger.info("stopped");
  process.exit(exitCode);
}

async function serve(config: Config): Promise<void> {
  // gRPC would write its own lines to stderr; what matters of them comes back as errors.
  setLogVerbosity(logVerbosity.NONE);
  const logger = createLogger(config);
  process.on("uncaughtException", dieOf(logger, "uncaught exception"));
  process.on("unhandledRejection", dieOf(logger, "unhandled rejection"));
  let stopping = false;
  const node = await start(config, logger, (reason) => {
    logger.warn({ reason }, "this member was removed from the cluster, and stops for good");
    if (stopping) return;
    stopping = true;
    // The node may still be starting.
    setImmediate(() => void stop(node, logger, EXIT_REMOVED));
  });
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) crash();
    stopping = true;
    logger.info({ signal }, "stopping");
    void stop(node, logger, 0);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (!isCommand(argv)) return serve(configOrExit());
  try {
    process.exitCode = await runCommand(argv);
  } catch (error) {
    if (error instanceof HelpShown) return;
    if (error instanceof ConfigError) die(EXIT_USAGE, error.message);
    if (isForPeople(error)) die(1, error.message);
    throw error;
  }
}

void main();
