import type { CheckResult } from "@gauntlet/histories";
import type { StateHashes } from "../run/cluster.js";

/**
 * Safety: at one revision all members hold the same. Members that compacted up to different revisions are not compared
 * with each other. Details: the StateHashes.
 */
export function checkAgreement(hashes: StateHashes): CheckResult {
  const base = { name: "agreement", kind: "safety", details: hashes } as const;
  const { revision, nodes } = hashes;
  const known = nodes.filter(({ hash }) => hash !== null);
  const groups = new Map<number | null, typeof known>();
  for (const node of known)
    groups.set(node.compactRevision, [...(groups.get(node.compactRevision) ?? []), node]);
  const split = [...groups.values()].find((group) => new Set(group.map(({ hash }) => hash)).size > 1);
  if (split !== undefined) {
    const told = split.map(({ node, hash }) => `${node} ${(hash ?? 0).toString(16).padStart(8, "0")}`);
    const reason = `members hold different states at revision ${revision}: ${told.join(", ")}`;
    return { ...base, verdict: "invalid", reason };
  }
  const silent = nodes.filter(({ hash }) => hash === null);
  if (nodes.length === 0 || silent.length > 0) {
    const why = silent.map(({ node, detail }) => `${node} (${detail ?? "no answer"})`).join(", ");
    const reason = `not every member could be asked for the hash of its state: ${why === "" ? "none is known" : why}`;
    return { ...base, verdict: "unknown", reason };
  }
  if (groups.size > 1) {
    const reason = `members compacted up to different revisions, so that their states could not be compared`;
    return { ...base, verdict: "unknown", reason };
  }
  return {
    ...base,
    verdict: "valid",
    reason: `all ${nodes.length} members hold the same state at revision ${revision}`,
  };
}
