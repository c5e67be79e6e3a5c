import { connect, type EtcdClient, type HashKvResponse } from "@gauntlet/client";
import { messageOf } from "../errors.js";
import type { StateHash, StateHashes } from "./cluster.js";

const CALL_TIMEOUT_MS = 2_000;
const AGAIN_AFTER_MS = 200;
/** etcd says -1 or 0 where nothing was compacted. */
const NOTHING_COMPACTED = 0;

/**
 * HashKV of each node at the newest revision that any of them knows. A node that is behind, or does not answer, is asked
 * again until the limit is over. Speaks etcd's API alone, so any system that has it can be asked.
 */
export async function readHashes(
  endpoints: ReadonlyMap<string, string>,
  limitMs: number,
  signal: AbortSignal,
  dial: (endpoint: string) => Asked = (endpoint) => connect({ endpoint, deadlineMs: CALL_TIMEOUT_MS }),
): Promise<StateHashes> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const clients = [...endpoints].map(([node, endpoint]) => [node, dial(endpoint)] as const);
  try {
    // One that never answers leaves the others the time to be compared.
    const half = AbortSignal.any([until, AbortSignal.timeout(limitMs / 2)]);
    const newest = await Promise.all(clients.map(([, client]) => untilAnswered(client, 0, half)));
    const revisions = newest.flatMap((answer) => ("header" in answer ? [answer.header.revision] : []));
    if (revisions.length === 0) {
      const nodes = clients.map(([node], i) => hashOf(node, newest[i] ?? { why: "no answer" }));
      return { revision: null, nodes };
    }
    const revision = Math.max(...revisions);
    const nodes = clients.map(async ([node, client]) =>
      hashOf(node, await untilAnswered(client, revision, until)),
    );
    return { revision, nodes: await Promise.all(nodes) };
  } finally {
    for (const [, client] of clients) client.close();
  }
}

/** What is asked. */
export type Asked = Pick<EtcdClient, "hashKv" | "close">;
type Answer = HashKvResponse | { readonly why: string };

async function untilAnswered(client: Asked, revision: number, until: AbortSignal): Promise<Answer> {
  let why = "was not asked";
  while (!until.aborted) {
    try {
      return await client.hashKv({ revision });
    } catch (error) {
      why = messageOf(error);
    }
    await pause(until);
  }
  return { why };
}

function hashOf(node: string, answer: Answer): StateHash {
  if ("why" in answer) return { node, hash: null, compactRevision: null, detail: answer.why };
  const compactRevision = Math.max(NOTHING_COMPACTED, answer.compactRevision);
  return { node, hash: answer.hash, compactRevision, detail: null };
}

function pause(until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      until.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, AGAIN_AFTER_MS);
    until.addEventListener("abort", done);
  });
}
