import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { giveToHost, log } from "./agent-log.js";
import { PATHS } from "./paths.js";
import type { Request, Result } from "./protocol.js";

type State = Result<"process">;
type Signal = Extract<Request, { command: "signal" }>["signal"];

const SHIMS = {
  LD_PRELOAD: `${PATHS.shim}:${PATHS.diskShim}`,
  GAUNTLET_CLOCK_PAGE: PATHS.clockPage,
  GAUNTLET_DISK_PAGE: PATHS.diskPage,
  GAUNTLET_DISK_DIR: PATHS.serverData,
  // What goes past the C library goes past the shim.
  UV_USE_IO_URING: "0",
};
const SETTLE_LIMIT_MS = 3_000;
const SETTLE_POLL_MS = 1;

/** Owns the server: starts it, signals it, and knows from the kernel how it is. */
export class ServerProcess {
  #command: readonly string[];
  #child: ChildProcess | null = null;
  #starts = 0;
  #exit: { readonly code: number | null; readonly signal: string | null } = { code: null, signal: null };

  /** @param command program and arguments */
  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /**
   * Starts the server if it does not run; resolves when the process exists.
   * @param more one shim more, behind those that it always gets, and what that needs to know
   */
  async start(more: { readonly LD_PRELOAD: string } | null): Promise<State> {
    if ((await this.state()).state !== "exited") return this.state();
    const output = openSync(PATHS.serverLog, "a");
    giveToHost(PATHS.serverLog);
    const [program = "", ...args] = this.#command;
    this.#markStart();
    const child = spawn(program, args, {
      stdio: ["ignore", output, output],
      // The shims go into the server alone: the agent's own clocks must stay true.
      env: {
        ...process.env,
        ...SHIMS,
        ...(more !== null && { ...more, LD_PRELOAD: `${SHIMS.LD_PRELOAD}:${more.LD_PRELOAD}` }),
      },
    });
    this.#child = child;
    this.#starts += 1;
    child.on("exit", (code, signal) => {
      this.#exit = { code, signal };
      this.#child = null;
      log("server exited", { code, signal, starts: this.#starts });
    });
    try {
      await once(child, "spawn");
    } catch (error) {
      this.#child = null;
      throw error;
    } finally {
      closeSync(output);
    }
    log("server started", { pid: child.pid, starts: this.#starts });
    return this.state();
  }

  /** Makes a new machine of it: no server, no data, and this command from the next start on. */
  async renew(command: readonly string[]): Promise<void> {
    // It may just be ending by itself.
    await this.signal("SIGKILL").catch(() => undefined);
    if ((await this.state()).state !== "exited") throw new Error("the server does not end");
    for (const name of await readdir(PATHS.serverData)) {
      await rm(join(PATHS.serverData, name), { recursive: true, force: true });
    }
    this.#command = command;
    log("machine renewed", { command });
  }

  /** In the server's log, whose lines need not say which process wrote them. */
  #markStart(): void {
    try {
      appendFileSync(
        PATHS.serverLog,
        `${JSON.stringify({ agent: "server starts", starts: this.#starts + 1 })}\n`,
      );
    } catch (error) {
      log("the server's log cannot be marked", { error: String(error) });
    }
  }

  /** Sends a signal and waits until the kernel shows its effect, but for SIGTERM, which the server may take its time on. */
  async signal(signal: Signal): Promise<State> {
    const child = this.#child;
    if (child === null || (await this.state()).state === "exited") {
      throw new Error(`cannot send ${signal}: the server does not run`);
    }
    child.kill(signal);
    log("signal sent", { signal, pid: child.pid });
    if (signal === "SIGTERM") return this.state();
    const wanted = { SIGKILL: "exited", SIGSTOP: "paused", SIGCONT: "running" }[signal];
    const deadline = performance.now() + SETTLE_LIMIT_MS;
    for (;;) {
      const state = await this.state();
      if (state.state === wanted || state.state === "exited") return state;
      if (performance.now() > deadline) {
        throw new Error(`${signal} had no effect within ${SETTLE_LIMIT_MS} ms: the server is ${state.state}`);
      }
      await sleep(SETTLE_POLL_MS);
    }
  }

  async state(): Promise<State> {
    const child = this.#child;
    if (child?.pid !== undefined) {
      const letter = stateLetter(child.pid);
      if (letter === "T") return { state: "paused", pid: child.pid, starts: this.#starts };
      const gone = letter === null || letter === "Z" || letter === "X";
      if (!gone) return { state: "running", pid: child.pid, starts: this.#starts };
      // Dead, but its exit status has not been delivered to us yet.
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    return { state: "exited", ...this.#exit, starts: this.#starts };
  }
}

/** The state letter of /proc/<pid>/stat, or null when there is no such process. */
function stateLetter(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat[stat.lastIndexOf(")") + 2] ?? null;
  } catch {
    return null;
  }
}
