import type { Client } from "@gauntlet/workloads";
import type { Recovery } from "../checks/recovery.js";
import type { Cluster } from "./cluster.js";
import type { RunClock } from "./clock.js";

const POLL_MS = 100;
/** Outside every workload's key space, so these writes are no part of the history. */
const PROBE_KEY_PREFIX = "gauntlet-probe/";

/**
 * Waits until the cluster is of use again: one leader that is known, and a write accepted at every
 * node. Says how long each took; never throws for a cluster that does not come round.
 */
export async function awaitService(
  cluster: Cluster,
  options: {
    readonly boundMs: number;
    readonly deadlineMs: number;
    readonly clock: RunClock;
    readonly signal: AbortSignal;
    /** Nodes that will take no write any more, and need not: their servers ended over data that was harmed. */
    readonly refusing?: () => Promise<readonly string[]>;
  },
): Promise<Recovery> {
  const { boundMs, deadlineMs, clock, signal, refusing = nobody } = options;
  const startMs = clock.nowMs();
  const isOpen = (): boolean => clock.nowMs() - startMs < boundMs && !signal.aborted;
  const pause = (): Promise<void> => clock.sleep(POLL_MS, signal);
  const elapsedMs = (): number => Math.round(clock.nowMs() - startMs);

  const leader = async (): Promise<number | null> => {
    while (isOpen()) {
      if (leaderOf(await cluster.hosts.view()) !== null) return elapsedMs();
      await pause();
    }
    return null;
  };
  const accepted = async (node: string): Promise<Recovery["writes"][number]> => {
    const connection = cluster.connect(node, deadlineMs);
    try {
      let refuses = false;
      const goesOn = (): boolean => isOpen() && !refuses;
      const rest = async (): Promise<void> => {
        refuses = (await refusing().catch(nobody)).includes(node);
        if (!refuses) await pause();
      };
      const lastError = await writeUntilAccepted(connection.client, PROBE_KEY_PREFIX + node, goesOn, rest);
      const afterMs = lastError === null ? elapsedMs() : null;
      return { node, afterMs, lastError, ...(afterMs === null && { refuses }) };
    } finally {
      connection.close();
    }
  };
  const [leaderAfterMs, ...writes] = await Promise.all([leader(), ...cluster.hosts.nodes.map(accepted)]);
  return { boundMs, leaderAfterMs, writes };
}

/** The node that calls itself leader in the highest term anybody knows of, when a majority answers; or null. */
export function leaderOf(
  views: ReadonlyMap<string, { readonly role: string | null; readonly term: number | null }>,
): string | null {
  const answered = [...views].filter(([, { term }]) => term !== null);
  if (answered.length * 2 <= views.size) return null;
  const highest = Math.max(...answered.map(([, { term }]) => term ?? 0));
  const leaders = answered.filter(([, { role, term }]) => role === "leader" && term === highest);
  return leaders[0]?.[0] ?? null;
}

async function nobody(): Promise<readonly string[]> {
  return [];
}

/** Null when a write was accepted, else the last error. */
async function writeUntilAccepted(
  client: Client,
  key: string,
  isOpen: () => boolean,
  pause: () => Promise<void>,
): Promise<string | null> {
  let lastError = "never tried";
  while (isOpen()) {
    const outcome = await client.write(key, "probe");
    if (outcome.type === "ok") return null;
    lastError = `${outcome.error.code}: ${outcome.error.message}`;
    await pause();
  }
  return lastError;
}
