#!/usr/bin/env node
// The standing cluster: cluster.js up [nodes] | down. Exit codes: 0, 3 when Docker or a node fails, 64 bad arguments.
import { parseNodes, standingDown, standingUp } from "../dist/standing.js";

const EXIT_FAILED = 3;
const EXIT_USAGE = 64;
const [command, given, ...rest] = process.argv.slice(2);
const log = (line) => console.log(line);

function usage(message) {
  console.error(message);
  process.exit(EXIT_USAGE);
}

function nodesAsked() {
  try {
    return parseNodes(given ?? process.env.NODES ?? "5");
  } catch (error) {
    return usage(error.message);
  }
}

if (rest.length > 0 || (command !== "up" && (command !== "down" || given !== undefined))) {
  usage("usage: cluster.js up [nodes] | down");
}
const abort = new AbortController();
process.once("SIGINT", () => abort.abort());
process.once("SIGTERM", () => abort.abort());
try {
  await (command === "up"
    ? standingUp({ nodes: nodesAsked(), log, signal: abort.signal })
    : standingDown(log));
} catch (error) {
  console.error(error.name === "DockerError" ? error.message : error);
  process.exitCode = EXIT_FAILED;
}
