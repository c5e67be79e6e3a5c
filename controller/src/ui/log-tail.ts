import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { RUN_FILES } from "@gauntlet/histories";
import { LOG_LINES, type LogLine } from "@gauntlet/ui";
import { TailedFile } from "./tail.js";

/** Of each file at most this much is read at once; who writes more is shown from further on. */
const READ_BYTES = 64 * 1024;
const LINE_CHARACTERS = 400;

interface Source {
  readonly name: string;
  readonly file: TailedFile;
}

/** The ends of all logs of a run, as they grow: the rig's own lines, and the servers' and agents'. */
export class LogTail {
  readonly #directory: string;
  readonly #sources = new Map<string, Source>();
  #nextId = 0;
  #lines: LogLine[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The last lines of all. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** What is new, in order of time as far as it is told. */
  async read(): Promise<readonly LogLine[]> {
    await this.#look();
    const fresh: Omit<LogLine, "id">[] = [];
    for (const { name, file } of this.#sources.values()) {
      const { size } = await stat(file.path).catch(() => ({ size: 0 }));
      file.skipTo(size - READ_BYTES);
      await file.read((line) => fresh.push(parse(name, line))).catch(() => false);
      file.rest();
    }
    let last = "";
    const timed = fresh.map((line) => ({ line, at: (last = line.at ?? last) }));
    const lines = timed
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
      .slice(-LOG_LINES)
      .map(({ line }) => ({ id: this.#nextId++, ...line }));
    this.#lines = [...this.#lines, ...lines].slice(-LOG_LINES);
    return lines;
  }

  async #look(): Promise<void> {
    this.#add("rig", join(this.#directory, RUN_FILES.log));
    const nodes = join(this.#directory, RUN_FILES.nodes);
    for (const node of await readdir(nodes).catch(() => []))
      for (const log of ["server.log", "agent.log"]) this.#add(node, join(nodes, node, log));
  }

  #add(name: string, path: string): void {
    if (!this.#sources.has(path)) this.#sources.set(path, { name, file: new TailedFile(path) });
  }
}

const RIG_LINE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/;
/** Said of every line, or shown beside it. */
const COMMON = new Set([
  "level",
  "time",
  "member",
  "pid",
  "msg",
  "what",
  "agent",
  "hostname",
  "v",
  "ts",
  "caller",
]);

function parse(source: string, line: string): Omit<LogLine, "id"> {
  const [, at, text] = RIG_LINE.exec(line) ?? [];
  if (at !== undefined && text !== undefined)
    return { at, source, level: levelOfText(text), text: short(text) };
  const fields = object(line);
  if (fields === null) return { at: null, source, level: levelOfText(line), text: short(line) };
  const { level, time, ts, msg, what, agent } = fields;
  const rest = Object.entries(fields)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const first = msg ?? what ?? agent;
  const said = [...(typeof first === "string" ? [first] : []), ...rest].join(" ");
  const told = time ?? ts;
  return { at: typeof told === "string" ? told : null, source, level: levelOf(level), text: short(said) };
}

function object(line: string): Record<string, unknown> | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** pino's numbers and zap's words. */
function levelOf(level: unknown): LogLine["level"] {
  if (typeof level === "number") return level >= 50 ? "error" : level >= 40 ? "warn" : "info";
  if (level === "error" || level === "fatal" || level === "panic" || level === "dpanic") return "error";
  return level === "warn" ? "warn" : "info";
}

function levelOfText(text: string): LogLine["level"] {
  if (/\b(panic|fatal|assertion|unhandled)\b/i.test(text)) return "error";
  return /\b(UNPROVED|SKIPPED|given up)\b/.test(text) ? "warn" : "info";
}

function short(text: string): string {
  return text.length > LINE_CHARACTERS ? `${text.slice(0, LINE_CHARACTERS)}…` : text;
}
