import type { MemberId } from "@gauntlet/server/inside";

/** The name of a member's machine: members of the world are numbered as its machines are named, 3 is n3. */
export function nodeName(id: MemberId): string {
  return `n${id}`;
}

/** n1, n2, … */
export function nodeNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => nodeName(at + 1));
}
