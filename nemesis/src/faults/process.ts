import type { FaultContext } from "./fault.js";
import type { NodeName, ProcessState } from "../hosts.js";
import type { Finding } from "./observe.js";

export type RunningProcess = Extract<ProcessState, { state: "running" }>;

/** The process of each target before the action: what proof and undo are measured against. */
export class Before {
  readonly #hosts: FaultContext["hosts"];
  readonly #processes = new Map<NodeName, RunningProcess>();
  readonly #ended = new Set<NodeName>();

  constructor(context: FaultContext) {
    this.#hosts = context.hosts;
  }

  /** A fault of processes only counts on a process that runs. */
  async note(node: NodeName): Promise<void> {
    const process = await this.#hosts.process(node);
    if (process.state !== "running")
      throw new Error(`the server was ${describeProcess(process)} before the fault`);
    this.#processes.set(node, process);
  }

  of(node: NodeName): RunningProcess | undefined {
    return this.#processes.get(node);
  }

  /** `isProved` says whether `now` is the end that the fault asked for; an end that was seen asks for a new start. */
  ended(node: NodeName, now: ProcessState, isProved: boolean): Finding {
    if (isProved) this.#ended.add(node);
    const was = this.#processes.get(node);
    return { shown: isProved, detail: `${describeProcess(now)} (was pid ${was?.pid})`, reading: now };
  }

  /** A process that was seen to end must be followed by a later one; one that never ended may simply go on. */
  restarted(node: NodeName, now: ProcessState): Finding {
    const startsBefore = this.#processes.get(node)?.starts ?? 0;
    const isLater = now.starts > startsBefore || !this.#ended.has(node);
    return { shown: now.state === "running" && isLater, detail: describeProcess(now), reading: now };
  }
}

export function describeProcess(process: ProcessState): string {
  const start = `start ${process.starts}`;
  if (process.state !== "exited") return `${process.state}, pid ${process.pid}, ${start}`;
  const how = process.signal === null ? `code ${process.code}` : process.signal;
  return `ended by ${how}, ${start}`;
}
