import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { eachLine } from "./agent/lines.js";
import { PATHS } from "./agent/paths.js";
import { replyLine, results, type Command, type Reply, type Request, type Result } from "./agent/protocol.js";
import { explain } from "./docker-cli.js";
import { DockerError } from "./docker-error.js";

/** The slowest command waits for a signal to take effect; anything longer means that agent or engine hang. */
const REPLY_TIMEOUT_MS = 15_000;
const STDERR_KEPT_BYTES = 4096;

interface Waiting {
  readonly command: Command;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: DockerError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One long-lived `docker exec -i` to a node's agent. When it is lost, requests in flight reject (they may or may
 * not have been carried out), `closed` resolves with the reason, and another channel can be opened.
 */
export class Channel {
  /** What went wrong, or null after close(). */
  readonly closed: Promise<string | null>;
  readonly #node: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #stderr = "";
  #lost: string | null = null;
  #closing = false;

  private constructor(node: string, container: string) {
    this.#node = node;
    // Detached: Ctrl-C in the terminal must not cut the channel before the rig has healed and stopped.
    this.#child = spawn("docker", ["exec", "-i", container, "node", PATHS.relay], { detached: true });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT_BYTES);
    });
    this.#child.stdin.on("error", () => undefined);
    void eachLine(this.#child.stdout, (line) => this.#onLine(line));
    this.closed = new Promise((resolve) => {
      this.#child.on("error", (error) => resolve(this.#onLost(error.message)));
      this.#child.on("close", () => resolve(this.#onLost(null)));
    });
  }

  /** Resolves when the agent answers. */
  static async open(node: string, container: string): Promise<Channel> {
    const channel = new Channel(node, container);
    try {
      await channel.request({ command: "ping" });
    } catch (error) {
      channel.close();
      throw error;
    }
    return channel;
  }

  async request<C extends Command>(request: Extract<Request, { command: C }>): Promise<Result<C>> {
    const reply = await this.#send(request);
    if (!reply.ok) throw new DockerError(`${this.#node}: ${request.command}: ${reply.error}`);
    const parsed = results[request.command].safeParse(reply.result);
    if (!parsed.success) {
      throw new DockerError(`${this.#node}: the agent's answer to ${request.command} is not understood`);
    }
    return parsed.data as Result<C>;
  }

  close(): void {
    this.#closing = true;
    this.#child.stdin.end();
    this.#child.kill();
  }

  #send(request: Request): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) {
        reject(new DockerError(`${this.#node}: ${request.command}: ${this.#lost}`));
        return;
      }
      const id = this.#nextId;
      this.#nextId += 1;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        const limit = `${REPLY_TIMEOUT_MS / 1000} s`;
        reject(
          new DockerError(`${this.#node}: ${request.command}: the agent did not answer within ${limit}`),
        );
      }, REPLY_TIMEOUT_MS);
      this.#waiting.set(id, { command: request.command, resolve, reject, timer });
      this.#child.stdin.write(`${JSON.stringify({ id, request })}\n`);
    });
  }

  #onLine(line: string): void {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      json = null;
    }
    const parsed = replyLine.safeParse(json);
    if (!parsed.success) {
      this.#stderr = `the agent sent a line that is no reply: ${line.slice(0, 200)}`;
      this.#child.kill();
      return;
    }
    const waiting = this.#waiting.get(parsed.data.id);
    // A late reply to a request that was given up.
    if (waiting === undefined) return;
    this.#waiting.delete(parsed.data.id);
    clearTimeout(waiting.timer);
    waiting.resolve(parsed.data);
  }

  #onLost(reason: string | null): string | null {
    const said = reason ?? (this.#stderr.trim() === "" ? null : explain("docker exec", this.#stderr));
    this.#lost =
      said === null ? "the channel to the agent was closed" : `the channel to the agent was lost: ${said}`;
    for (const [id, { command, reject, timer }] of this.#waiting) {
      clearTimeout(timer);
      this.#waiting.delete(id);
      reject(
        new DockerError(`${this.#node}: ${command}: ${this.#lost}; it may or may not have been carried out`),
      );
    }
    return this.#closing ? null : this.#lost;
  }
}
