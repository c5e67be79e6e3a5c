import { messageOf } from "../errors.js";
import type { NodeName } from "../hosts.js";
import type { Observation } from "./fault.js";

export interface Finding {
  readonly shown: boolean;
  readonly detail: string;
  readonly reading: unknown;
}

/**
 * Looks at every node until each was shown once: what a node has shown stays shown. A reading that fails shows
 * nothing, and says why.
 */
export function onEveryNode(
  nodes: readonly NodeName[],
  look: (node: NodeName) => Promise<Finding>,
): () => Promise<Observation> {
  const findings = new Map<NodeName, Finding>();
  return async () => {
    const open = nodes.filter((node) => findings.get(node)?.shown !== true);
    await Promise.all(
      open.map(async (node) => {
        findings.set(node, await lookSafely(look, node));
      }),
    );
    const found = nodes.flatMap((node) => {
      const finding = findings.get(node);
      return finding === undefined ? [] : [{ node, ...finding }];
    });
    return {
      shown: found.length === nodes.length && found.every((finding) => finding.shown),
      detail: found.map((finding) => `${finding.node} ${finding.detail}`).join("; "),
      evidence: Object.fromEntries(found.map((finding) => [finding.node, finding.reading])),
    };
  };
}

async function lookSafely(look: (node: NodeName) => Promise<Finding>, node: NodeName): Promise<Finding> {
  try {
    return await look(node);
  } catch (error) {
    return { shown: false, detail: `could not be read: ${messageOf(error)}`, reading: null };
  }
}

/** All nodes side by side, and every one of them tried even when one fails; then the first failure. */
export async function forAll(
  nodes: readonly NodeName[],
  action: (node: NodeName) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(nodes.map(action));
  for (const [index, result] of results.entries()) {
    if (result.status === "rejected") throw new Error(`${nodes[index]}: ${messageOf(result.reason)}`);
  }
}
