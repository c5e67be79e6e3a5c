import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { StateDamaged } from "../ports.js";
import { LmdbEngine } from "./lmdb-engine.js";
import { stateDirectory } from "./lmdb-states.js";

const PAGE_BYTES = 1 << 20;
/** LMDB can run in circles in a damaged file. */
const SILENCE_LIMIT_MS = 60_000;
const SOUND = "sound:";
const DAMAGED = "damaged:";
/** What a process dies of that trusted a damaged file. Others, such as the SIGKILL of a full memory, say nothing about it. */
const CRASHES: ReadonlySet<string> = new Set(["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"]);

/**
 * `read-only` may run beside a server. `as-opened` does all that a server does with a state when it starts, the write
 * included: only for the process that owns the directory, or its child.
 */
export type Verification = "read-only" | "as-opened";

export interface VerifiedState {
  readonly records: number;
  /** Of the records together. */
  readonly bytes: number;
  /** As the last commit has it; null: there was none. */
  readonly meta: Uint8Array | null;
}

/**
 * Reads a whole state. Rejects with StateDamaged where its bytes are not what was written. LMDB may kill the process
 * in a damaged file: whoever must live on runs it in a child. `progress` is told the records read so far.
 */
export async function verifyState(
  path: string,
  generation: number,
  how: Verification,
  progress: (records: number) => void = () => undefined,
): Promise<VerifiedState> {
  const engine = await LmdbEngine.open(stateDirectory(path, generation), { readOnly: how === "read-only" });
  try {
    let bytes = 0;
    let records = 0;
    while (records < engine.count) {
      const page = await engine.read(records, PAGE_BYTES);
      records += page.length;
      for (const record of page) bytes += record.length;
      progress(records);
    }
    return { records, bytes, meta: engine.meta };
  } finally {
    await engine.close();
  }
}

/**
 * The body of a command that verifies, for people and for `verifyInChild`: writes lines, the last of which is the
 * outcome. Resolves to the exit code: 0 sound, 1 damaged.
 */
export async function runStateVerification(
  path: string,
  generation: number,
  how: Verification,
  write: (line: string) => void,
): Promise<0 | 1> {
  const name = join(path, `state-${generation}`);
  let told = 0;
  try {
    const { records, bytes } = await verifyState(path, generation, how, (read) => {
      if (read < told + 100_000) return;
      told = read;
      write(`${name}: ${read} records`);
    });
    write(`${SOUND} ${name}: ${records} records, ${bytes} bytes`);
    return 0;
  } catch (error) {
    if (!(error instanceof StateDamaged)) throw error;
    write(`${DAMAGED} ${name}: ${error.message}`);
    return 1;
  }
}

/**
 * Verifies a state in a process of its own: `command`, which runs `runStateVerification`, as opened. Resolves when it is
 * sound, rejects with StateDamaged when it is damaged or kills the child, with an ordinary error when nothing was found out.
 */
export async function verifyInChild(command: readonly string[]): Promise<void> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  let silent = false;
  const watchdog = setTimeout(() => {
    silent = true;
    child.kill("SIGKILL");
  }, SILENCE_LIMIT_MS);
  let last = "";
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    last = line;
    watchdog.refresh();
  });
  const [[code, signal]] = (await Promise.all([once(child, "exit"), once(lines, "close")]).finally(() =>
    clearTimeout(watchdog),
  )) as unknown as [[number | null, string | null]];
  if (code === 0 && last.startsWith(SOUND)) return;
  if (silent)
    throw new StateDamaged(`a process that read the state was stuck for ${SILENCE_LIMIT_MS / 1000} s`);
  if (code === 1 && last.startsWith(DAMAGED)) throw new StateDamaged(last.slice(DAMAGED.length + 1));
  if (signal !== null && CRASHES.has(signal)) {
    throw new StateDamaged(`a process that read the state died of ${signal}`);
  }
  throw new Error(`${command.join(" ")} ended with ${signal ?? code}, and did not say how the state is`);
}
