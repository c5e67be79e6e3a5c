import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PORCUPINE = fileURLToPath(new URL("../../../bin/porcupine.js", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command in a process of its own. */
export function porcupine(
  args: readonly string[],
  options: {
    readonly stdin?: string | Uint8Array;
    /** Sends SIGINT when stderr has it. */
    readonly interruptOn?: string;
    /** Nobody reads what it prints. */
    readonly closeStdout?: boolean;
  } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [PORCUPINE, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  if (options.closeStdout === true) child.stdout.destroy();
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (options.interruptOn !== undefined && text.includes(options.interruptOn)) child.kill("SIGINT");
  });
  // It may end before it has read all.
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

interface Scratch {
  readonly folder: string;
  /** Its path. */
  readonly file: (name: string, content: string | Uint8Array) => string;
}

/** A new folder for one test's files, and a way to put them there. */
export function scratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "porcupine-"));
  return {
    folder,
    file: (name, content) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
  };
}

export type Row = readonly [
  process: number | "nemesis",
  type: string,
  f: string,
  value?: unknown,
  more?: object,
];

export function jsonl(...rows: readonly Row[]): string {
  return rows
    .map(([process, type, f, value, more]) => `${JSON.stringify({ process, type, f, value, ...more })}\n`)
    .join("");
}

export const VALID = jsonl(
  [0, "invoke", "write", 1],
  [0, "ok", "write", 1],
  [1, "invoke", "read"],
  [1, "ok", "read", 1],
);
export const INVALID = jsonl(
  [0, "invoke", "write", 1],
  [0, "ok", "write", 1],
  [1, "invoke", "read"],
  [1, "ok", "read", null],
);
