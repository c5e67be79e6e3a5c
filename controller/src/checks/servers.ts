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
  /** The kernel or somebody outside killed it, or the machine let it down: not the server's doing. */
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
const SERVER_LINE = z.looseObject({
  level: z.number(),
  msg: z.string().optional(),
  pid: z.number().optional(),
});
/** What a dying process prints outside its log. */
const DEATH_CRY = /InvariantViolation|^panic\b|^FATAL ERROR|Uncaught|^\w*AssertionError/;
/** The machine refuses what every server needs: room on the disk, a working disk, files, memory. */
const HOST_TROUBLE = /\b(ENOSPC|EDQUOT|EROFS|EIO|EMFILE|ENFILE|ENOMEM)\b/;
const INVARIANT = /InvariantViolation/;
/** What the server writes to stderr when it cannot start. */
const START_FAILURE = /^gauntlet-server: /;
/** The rig's own clock shim, without its page. No server of ours exits with it. */
const CLOCK_SHIM_EXIT = 70;
const MAX_QUOTE = 200;

/**
 * Reads what agents and servers left in a run's nodes/ folder. Null where no node left anything:
 * the cluster was not made of machines with logs. `diskFaultsRan`: what a disk then refuses was
 * asked for, and the server has to live with it.
 */
export async function readServerFindings(
  nodesDirectory: string,
  { diskFaultsRan } = { diskFaultsRan: false },
): Promise<readonly ServerFinding[] | null> {
  const nodes = await directories(nodesDirectory);
  if (nodes.length === 0) return null;
  const findings = nodes.map(async (node) => {
    const said = await cries(node, join(nodesDirectory, node, "server.log"), diskFaultsRan);
    const exits = await unaskedExits(node, join(nodesDirectory, node, "agent.log"), said.excusedExits);
    return [...exits, ...said.findings];
  });
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
async function unaskedExits(
  node: string,
  path: string,
  excusedExits: number,
): Promise<readonly ServerFinding[]> {
  if (!(await exists(path))) return [{ node, what: "its agent left no log", byOthers: true }];
  const findings: ServerFinding[] = [];
  const asked = new Set<string>();
  let excuses = excusedExits;
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
    const isExcused = code === 1 && excuses > 0;
    if (isExcused) excuses -= 1;
    const when = entry.time === undefined ? "" : ` at ${entry.time}`;
    findings.push({
      node,
      what: `its server ${how}${when} and no fault asked for it`,
      byOthers: signal === "SIGKILL" || code === CLOCK_SHIM_EXIT || isExcused,
    });
  }
  return findings;
}

/** What a server said at its end, and how many of its exits the machine is to blame for. */
async function cries(
  node: string,
  path: string,
  diskFaultsRan: boolean,
): Promise<{ readonly findings: readonly ServerFinding[]; readonly excusedExits: number }> {
  const findings: ServerFinding[] = [];
  // One process may say it twice, and exits once.
  const excused = new Set<number | string>();
  if (!(await exists(path))) return { findings, excusedExits: 0 };
  for await (const line of linesOf(path)) {
    const entry = SERVER_LINE.safeParse(jsonOf(line)).data;
    const isTrouble = !diskFaultsRan && HOST_TROUBLE.test(line) && !INVARIANT.test(line);
    const isFatal =
      entry === undefined
        ? DEATH_CRY.test(line) || (isTrouble && START_FAILURE.test(line))
        : entry.level >= FATAL_LEVEL;
    if (!isFatal) continue;
    if (isTrouble) excused.add(entry?.pid ?? line);
    findings.push({
      node,
      what: `its log says: ${(entry?.msg ?? line).slice(0, MAX_QUOTE)}${isTrouble ? ` (${HOST_TROUBLE.exec(line)?.[0]})` : ""}`,
      byOthers: isTrouble,
    });
  }
  return { findings, excusedExits: excused.size };
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
