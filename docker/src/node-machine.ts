import { setTimeout as sleep } from "node:timers/promises";
import type { Command, Request, Result } from "./agent/protocol.js";
import { Channel } from "./channel.js";
import { docker } from "./docker-cli.js";
import { DockerError, messageOf } from "./docker-error.js";

const REOPEN_ATTEMPTS = 3;
const REOPEN_PAUSE_MS = 300;
const INSPECT_TIMEOUT_MS = 5_000;

export interface MachineSpec {
  readonly node: string;
  readonly container: string;
  readonly address: string;
}

/** One running container and the channel to its agent, which is opened again when it is lost. */
export class NodeMachine {
  readonly node: string;
  readonly address: string;
  readonly container: string;
  #channel: Promise<Channel>;
  #failure: string | null = null;
  #closed = false;

  private constructor(spec: MachineSpec, channel: Channel) {
    this.node = spec.node;
    this.address = spec.address;
    this.container = spec.container;
    this.#channel = Promise.resolve(channel);
    void this.#watch(channel);
  }

  static async connect(spec: MachineSpec): Promise<NodeMachine> {
    try {
      return new NodeMachine(spec, await Channel.open(spec.node, spec.container));
    } catch (error) {
      const why = await whyNotRunning(spec.container);
      throw why === null ? error : new DockerError(`${spec.node}: ${why}`, { cause: error });
    }
  }

  /** Why this machine is no longer usable, or null. */
  get failure(): string | null {
    return this.#failure;
  }

  async request<C extends Command>(request: Extract<Request, { command: C }>): Promise<Result<C>> {
    if (this.#failure !== null) throw new DockerError(`${this.node}: ${request.command}: ${this.#failure}`);
    const channel = await this.#channel;
    return channel.request(request);
  }

  /** Lets go of the channel; the container stays. */
  async close(): Promise<void> {
    this.#closed = true;
    const channel = await this.#channel.catch(() => null);
    channel?.close();
    await channel?.closed;
  }

  async #watch(channel: Channel): Promise<void> {
    const reason = await channel.closed;
    if (reason === null || this.#closed) return;
    this.#channel = this.#reopen(reason);
    // Whoever asks next gets the rejection; nobody may be asking now.
    this.#channel.catch(() => undefined);
  }

  async #reopen(lost: string): Promise<Channel> {
    let problem = lost;
    for (let attempt = 0; attempt < REOPEN_ATTEMPTS && !this.#closed; attempt += 1) {
      const why = await whyNotRunning(this.container);
      if (why !== null) {
        problem = why;
        break;
      }
      try {
        const channel = await Channel.open(this.node, this.container);
        void this.#watch(channel);
        return channel;
      } catch (error) {
        problem = messageOf(error);
        await sleep(REOPEN_PAUSE_MS);
      }
    }
    if (!this.#closed) this.#failure = problem;
    throw new DockerError(`${this.node}: ${problem}`);
  }
}

/** Null while the container runs; else how it ended, or that the engine does not say. */
async function whyNotRunning(container: string): Promise<string | null> {
  const format = "{{.State.Running}} {{.State.ExitCode}} {{.State.OOMKilled}}";
  try {
    const inspect = ["container", "inspect", "--format", format, container];
    const [running, exitCode, oom] = (await docker(inspect, { timeoutMs: INSPECT_TIMEOUT_MS })).split(" ");
    if (running === "true") return null;
    const how = oom === "true" ? "the kernel killed it for its memory" : `exit code ${exitCode ?? "unknown"}`;
    return `its container ended unexpectedly (${how}); see: docker logs ${container}`;
  } catch (error) {
    return messageOf(error);
  }
}
