import { expect, test } from "vitest";
import { checkAgreement } from "../checks/agreement.js";
import { type Asked, readHashes } from "./hashes.js";

const HEADER = { clusterId: 1n, memberId: 1n, revision: 9, raftTerm: 1 };

/** Holds what has this hash, at revision 9; null: never answers. */
function member(hash: number | null): Asked {
  return {
    hashKv: async () => {
      if (hash === null) throw new Error("no answer");
      return { header: HEADER, hash, compactRevision: 0 };
    },
    close: () => undefined,
  };
}

test("a member that never answers does not hide that the others differ", async () => {
  const members = new Map([1, 2, null].map((hash, i) => [`n${i + 1}`, member(hash)]));
  const endpoints = new Map([...members.keys()].map((node) => [node, node]));
  const dial = (endpoint: string): Asked => members.get(endpoint) ?? member(null);
  const hashes = await readHashes(endpoints, 1_000, new AbortController().signal, dial);
  expect(hashes).toMatchObject({
    revision: 9,
    nodes: [
      { node: "n1", hash: 1 },
      { node: "n2", hash: 2 },
      { node: "n3", hash: null, detail: "no answer" },
    ],
  });
  expect(checkAgreement(hashes).verdict).toBe("invalid");
});
