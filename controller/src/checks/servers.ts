import { createReadStream } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LogRules } from "@gauntlet/docker";
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
  pid: z.number().optional(),
  starts: z.number().optional(),
  code: z.number().nullish(),
  signal: z.string().nullish(),
  time: z.string().optional(),
});
/** What the agent says when the rig makes the disk bad, or well again. */
const DISK_LINE = z.looseObject({
  what: z.literal("disk set"),
  writeErrorShare: z.number(),
  syncErrorShare: z.number(),
  full: z.boolean(),
});
const HARM_LINE = z.looseObject({
  what: z.enum(["bit flipped", "file cut off"]),
  damage: z.looseObject({ area: z.string().optional() }),
});
/** How the kernel ends a process that follows a harmed page of a file which it has mapped. The log is not mapped. */
const MAPPED_AREA = "checkpoint";
const MAPPING_SIGNALS: ReadonlySet<string | null> = new Set(["SIGSEGV", "SIGBUS", "SIGABRT"]);
/** The program that shapes packets ended. Where the agent itself ended it, whoever asked for the shapes was told. */
const SHAPER_LINE = z.looseObject({
  what: z.literal("packet program ended"),
  how: z.string(),
  said: z.string().optional(),
  byAgent: z.boolean().optional(),
  time: z.string().optional(),
});
/** What the agent writes into the server's log before each start. */
const START_LINE = z.looseObject({ agent: z.literal("server starts"), starts: z.number() });

/** The machine refuses what every server needs: room on the disk, a working disk, files, memory. */
const HOST_TROUBLE =
  /\b(ENOSPC|EDQUOT|EROFS|EIO|EMFILE|ENFILE|ENOMEM)\b|no space left on device|disk quota exceeded|read-only file system|input\/output error|too many open files|cannot allocate memory/;
/** The rig's own shims, without their pages. No server exits with it. */
const SHIM_EXIT = 70;
const MAX_QUOTE = 200;
/** In the reason, of each node; all are in the details. */
const MAX_TOLD = 2;

/**
 * Reads what agents and servers left in a run's nodes/ folder. Null where no node left anything: the cluster was not
 * made of machines with logs.
 *
 * A server whose disk the rig made fail, or whose data it harmed, does right to end over it, and so does one that is removed.
 * Whether it may end over a disk that the rig filled up, the system's rules say. Where the rig meddled with a disk, no trouble
 * with it is the machine's. That members differ is no finding where the rig harmed the data of any.
 */
export async function readServerFindings(
  nodesDirectory: string,
  rules: LogRules,
): Promise<readonly ServerFinding[] | null> {
  const nodes = await directories(nodesDirectory);
  if (nodes.length === 0) return null;
  const lives = await Promise.all(
    nodes.map(async (node) => ({ node, life: await lifeOf(join(nodesDirectory, node, "agent.log"), rules) })),
  );
  const mayDiffer = lives.some(({ life }) => life.wasHarmed);
  const findings = lives.map(async ({ node, life }) => {
    const path = join(nodesDirectory, node, "server.log");
    const said = await cries(node, path, { life, rules, mayDiffer });
    return [
      ...exitFindings(node, life, rules, said.excusedExits),
      ...said.findings,
      ...shaperFindings(node, life),
    ];
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
  // Of each node the first few: one that cannot start says the same at each attempt.
  const first = findings.filter(
    ({ node }, at) => findings.slice(0, at).filter((each) => each.node === node).length < MAX_TOLD,
  );
  const more = findings.length - first.length;
  const told = first.map(({ node, what }) => `${node}: ${what}`).join("; ");
  const reason = more === 0 ? told : `${told}; and ${more} more`;
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

/** One server process that ended although nobody asked it to. */
interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly when: string;
}

/** What the agent tells of its machine. */
interface Life {
  readonly hasLog: boolean;
  readonly unasked: readonly Exit[];
  /** How the programs that shape packets ended by themselves, and when. */
  readonly shaperEnds: readonly string[];
  /** Processes that had a disk which the rig made fail, or data which it harmed: by pid, and by the count of starts. */
  readonly mayFail: { readonly pids: ReadonlySet<number>; readonly starts: ReadonlySet<number> };
  readonly wasHarmed: boolean;
  readonly diskFaultsRan: boolean;
}

/** The agent writes a line before each signal of ours and one for each exit: an exit without the former is unasked. */
async function lifeOf(path: string, rules: LogRules): Promise<Life> {
  const unasked: Exit[] = [];
  const shaperEnds: string[] = [];
  const mayFail = { pids: new Set<number>(), starts: new Set<number>() };
  if (!(await exists(path))) {
    return { hasLog: false, unasked, shaperEnds, mayFail, wasHarmed: false, diskFaultsRan: false };
  }
  const asked = new Set<string>();
  let diskFaultsRan = false;
  const disk = { fails: false, isHarmed: false, isMappingHarmed: false };
  let process: { readonly pid: number; readonly starts: number } | null = null;
  /** Not counting those that were refused. */
  let removals = 0;
  let wasHarmed = false;
  for await (const line of linesOf(path)) {
    const json = jsonOf(line);
    const shaper = SHAPER_LINE.safeParse(json).data;
    if (shaper !== undefined && shaper.byAgent !== true) shaperEnds.push(endOf(shaper));
    const setting = DISK_LINE.safeParse(json).data;
    if (setting !== undefined) {
      disk.fails =
        setting.writeErrorShare > 0 || setting.syncErrorShare > 0 || (setting.full && rules.mayEndOnFullDisk);
    }
    const harm = HARM_LINE.safeParse(json).data?.damage;
    if (harm !== undefined) disk.isHarmed = true;
    if (harm?.area === MAPPED_AREA) disk.isMappingHarmed = true;
    diskFaultsRan ||= disk.fails || disk.isHarmed || setting?.full === true;
    const entry = AGENT_LINE.safeParse(json).data;
    if (entry?.what === "removal asked for") removals += 1;
    if (entry?.what === "removal refused") removals -= 1;
    if (entry?.what === "machine renewed") {
      removals = 0;
      // Its data went, and the harm with it.
      wasHarmed ||= disk.isHarmed;
      disk.isHarmed = false;
      disk.isMappingHarmed = false;
    }
    if (entry?.what === "server started") {
      asked.clear();
      process = { pid: entry.pid ?? -1, starts: entry.starts ?? -1 };
    }
    if (process !== null && (disk.fails || disk.isHarmed)) {
      mayFail.pids.add(process.pid);
      mayFail.starts.add(process.starts);
    }
    if (entry?.what === "signal sent" && typeof entry.signal === "string") asked.add(entry.signal);
    if (entry?.what !== "server exited") continue;
    const { code = null, signal = null, time } = entry;
    const isOverDisk =
      process !== null && mayFail.pids.has(process.pid) && code !== null && rules.diskExits.includes(code);
    const isOverMapping = disk.isMappingHarmed && MAPPING_SIGNALS.has(signal);
    process = null;
    const isAsked = signal === null ? code === 0 && asked.has("SIGTERM") : asked.has(signal);
    const isFarewell = removals > 0 && (code === rules.removedExit || code === rules.strangerExit);
    if (!isAsked && !isOverDisk && !isOverMapping && !isFarewell)
      unasked.push({ code, signal, when: time === undefined ? "" : ` at ${time}` });
  }
  return { hasLog: true, unasked, shaperEnds, mayFail, wasHarmed: wasHarmed || disk.isHarmed, diskFaultsRan };
}

function exitFindings(
  node: string,
  life: Life,
  rules: LogRules,
  excusedExits: number,
): readonly ServerFinding[] {
  if (!life.hasLog) return [{ node, what: "its agent left no log", byOthers: true }];
  let excuses = excusedExits;
  return life.unasked.map(({ code, signal, when }) => {
    const how = signal === null ? `exited with code ${code ?? "unknown"}` : `was ended by ${signal}`;
    const isExcused = code !== null && rules.diskExits.includes(code) && excuses > 0;
    if (isExcused) excuses -= 1;
    return {
      node,
      what: `its server ${how}${when} and no fault asked for it`,
      byOthers: signal === "SIGKILL" || code === SHIM_EXIT || isExcused,
    };
  });
}

/** Without it all packets pass, also after the fault was proved: what the run was to show, it did not. */
function shaperFindings(node: string, { shaperEnds }: Life): readonly ServerFinding[] {
  return shaperEnds.map((end) => ({
    node,
    what: `the rig's program that shapes its packets ended${end}: from then on they passed as they were`,
    byOthers: true,
  }));
}

function endOf({ how, said = "", time }: z.infer<typeof SHAPER_LINE>): string {
  const words = said.trim().slice(0, MAX_QUOTE);
  return `${time === undefined ? "" : ` at ${time}`} (${how}${words === "" ? "" : `: ${words}`})`;
}

interface Hearing {
  readonly life: Life;
  readonly rules: LogRules;
  /** The rig harmed data, so that members may rightly say that their states differ. */
  readonly mayDiffer: boolean;
}

/** What a server said that is bad, and how many of its exits the machine is to blame for. */
async function cries(
  node: string,
  path: string,
  { life, rules, mayDiffer }: Hearing,
): Promise<{ readonly findings: readonly ServerFinding[]; readonly excusedExits: number }> {
  const findings: ServerFinding[] = [];
  // One process may say it twice, and exits once.
  const excused = new Set<string>();
  if (!(await exists(path))) return { findings, excusedExits: 0 };
  let starts: number | null = null;
  for await (const line of linesOf(path)) {
    starts = START_LINE.safeParse(jsonOf(line)).data?.starts ?? starts;
    const complaint = rules.judge(line);
    if (complaint === null) continue;
    const { words, pid, type } = complaint;
    const trouble = type === "invariant" || life.diskFaultsRan ? null : HOST_TROUBLE.exec(line);
    if (type === "start" && trouble === null) continue;
    if (type === "corrupt" && mayDiffer) continue;
    const { mayFail } = life;
    const isOverDisk = pid === null ? mayFail.starts.has(starts ?? -1) : mayFail.pids.has(pid);
    if (type === "fatal" && isOverDisk) continue;
    if (trouble !== null)
      excused.add(pid !== null ? `pid ${pid}` : starts !== null ? `start ${starts}` : line);
    findings.push({
      node,
      what: `its log says: ${words.slice(0, MAX_QUOTE)}${trouble === null ? "" : ` (${trouble[0]})`}`,
      byOthers: trouble !== null,
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
