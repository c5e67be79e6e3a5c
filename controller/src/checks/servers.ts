import { createReadStream } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { CheckResult } from "@gauntlet/histories";
import { z } from "zod";

/** A server process that ended although nobody asked it to, or that said that an invariant is broken. */
export interface ServerFinding {
  readonly node: string;
  readonly what: string;
  /** The kernel or somebody outside killed it: not the server's doing. */
  readonly byOthers: boolean;
}

const AGENT_LINE = z.looseObject({
  what: z.string(),
  code: z.number().nullish(),
  signal: z.string().nullish(),
  time: z.string().optional(),
});

/** pino's number for fatal. */
const FATAL_LEVEL = 60;
const SERVER_LINE = z.looseObject({ level: z.number(), msg: z.string().optional() });
/** What a dying process prints outside its log. */
const DEATH_CRY = /InvariantViolation|^panic\b|^FATAL ERROR|Uncaught|^\w*AssertionError/;
const MAX_QUOTE = 200;

/**
 * Reads what agents and servers left in a run's nodes/ folder. Null where no node left anything:
 * the cluster was not made of machines with logs.
 */
export async function readServerFindings(nodesDirectory: string): Promise<readonly ServerFinding[] | null> {
  const nodes = await directories(nodesDirectory);
  if (nodes.length === 0) return null;
  const findings = nodes.map(async (node) => [
    ...(await unaskedExits(node, join(nodesDirectory, node, "agent.log"))),
    ...(await cries(node, join(nodesDirectory, node, "server.log"))),
  ]);
  return (await Promise.all(findings)).flat();
}

/**
 * Safety: a server must never stop by itself, and its own broken invariants are violations. Details:
 * the findings. Before the cluster ever served, an exit says that it could not be started: `failed`.
 */
export function checkServers(findings: readonly ServerFinding[], wasAlive: boolean): CheckResult {
  const base = { name: "servers", kind: "safety" } as const;
  if (findings.length === 0) {
    return {
      ...base,
      verdict: "valid",
      reason: "no server stopped by itself or reported a broken invariant",
    };
  }
  const reason = findings.map(({ node, what }) => `${node}: ${what}`).join("; ");
  const isTheirs = wasAlive && findings.some(({ byOthers }) => !byOthers);
  return { ...base, verdict: isTheirs ? "invalid" : "failed", reason, details: { findings } };
}

async function directories(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The agent writes a line before each signal of ours and one for each exit: an exit without the former is unasked. */
async function unaskedExits(node: string, path: string): Promise<readonly ServerFinding[]> {
  if (!(await exists(path))) return [{ node, what: "its agent left no log", byOthers: true }];
  const findings: ServerFinding[] = [];
  const asked = new Set<string>();
  for await (const line of linesOf(path)) {
    const entry = AGENT_LINE.safeParse(jsonOf(line)).data;
    if (entry?.what === "server started") asked.clear();
    if (entry?.what === "signal sent" && typeof entry.signal === "string") asked.add(entry.signal);
    if (entry?.what !== "server exited") continue;
    const { code, signal } = entry;
    const isAsked = typeof signal === "string" ? asked.has(signal) : code === 0 && asked.has("SIGTERM");
    if (isAsked) continue;
    const how =
      typeof signal === "string" ? `was ended by ${signal}` : `exited with code ${code ?? "unknown"}`;
    const when = entry.time === undefined ? "" : ` at ${entry.time}`;
    findings.push({
      node,
      what: `its server ${how}${when} and no fault asked for it`,
      byOthers: signal === "SIGKILL",
    });
  }
  return findings;
}

async function cries(node: string, path: string): Promise<readonly ServerFinding[]> {
  const findings: ServerFinding[] = [];
  if (!(await exists(path))) return findings;
  for await (const line of linesOf(path)) {
    const entry = SERVER_LINE.safeParse(jsonOf(line)).data;
    const isFatal = entry === undefined ? DEATH_CRY.test(line) : entry.level >= FATAL_LEVEL;
    if (!isFatal) continue;
    findings.push({
      node,
      what: `its log says: ${(entry?.msg ?? line).slice(0, MAX_QUOTE)}`,
      byOthers: false,
    });
  }
  return findings;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function linesOf(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
