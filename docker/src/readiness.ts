import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeName, ProcessState } from "@gauntlet/nemesis";
import { DockerError } from "./docker-error.js";
import type { DockerHosts } from "./hosts.js";

const POLL_MS = 100;
const MAX_QUOTE = 200;

export interface ReadinessOptions {
  readonly limitMs: number;
  /** As the hosts were given it. */
  readonly logsDir: string;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the server of every first node says something of itself. A server that ended by itself will never: then, and
 * at the limit, it rejects with a DockerError that has the server's last words.
 */
export async function untilAnswering(hosts: DockerHosts, options: ReadinessOptions): Promise<void> {
  const { limitMs, logsDir, signal } = options;
  const deadlineMs = performance.now() + limitMs;
  const late = new Set(hosts.nodes);
  for (;;) {
    for (const [node, { role, term }] of await hosts.view()) {
      if (role !== "unknown" || term !== null) late.delete(node);
    }
    if (late.size === 0) return;
    if (signal?.aborted === true) throw new DockerError("interrupted while the servers were starting");
    for (const node of late) {
      const state = await hosts.process(node);
      if (state.state !== "exited") continue;
      throw new DockerError(
        `${node}: its server ${endOf(state)} before it served${await said(hosts, logsDir, node, true)}`,
      );
    }
    if (performance.now() > deadlineMs) {
      const [first = ""] = late;
      const what = `${[...late].join(", ")}: no answer within ${limitMs / 1000} s of the start`;
      throw new DockerError(`${what}${await said(hosts, logsDir, first, false)}`);
    }
    await sleep(POLL_MS);
  }
}

function endOf(state: Extract<ProcessState, { readonly state: "exited" }>): string {
  return state.signal === null
    ? `exited with code ${state.code ?? "unknown"}`
    : `was ended by ${state.signal}`;
}

/** Of its last start: the first thing that it complained of; else how it began to speak before it ended, or what it said last. */
async function said(hosts: DockerHosts, logsDir: string, node: NodeName, ended: boolean): Promise<string> {
  const log = await readFile(join(logsDir, node, "server.log"), "utf8").catch(() => "");
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const own = lines.slice(lines.findLastIndex((line) => line.startsWith('{"agent":')) + 1);
  const complaint = own.map((line) => hosts.system.log.judge(line)).find((found) => found !== null);
  const words = complaint?.words ?? own.at(ended ? 0 : -1)?.trim();
  return words === undefined ? "; it printed nothing" : `; it said: ${words.slice(0, MAX_QUOTE)}`;
}
