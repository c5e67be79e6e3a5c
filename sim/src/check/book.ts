import type { MemberId } from "@gauntlet/server/inside";
import { EntryTree, type Slot } from "./entry-tree.js";
import { NodeImage } from "./node-image.js";
import type { Voters } from "./quorums.js";

/** All that the observer has written down of one world. */
export class Book {
  readonly initial: Voters;
  readonly tree = new EntryTree();
  readonly images = new Map<MemberId, NodeImage>();
  /** Entry i is at i - 1: the log that everybody must come to agree on. */
  readonly committed: Slot[] = [];
  /** In which term how much was committed first, both ascending. */
  readonly progress: { readonly term: number; index: number }[] = [];
  /** By term: who leads it, and in which of its lives. */
  readonly leaders: ({ readonly image: NodeImage; readonly life: number } | undefined)[] = [];
  /** Contents of proposals whose callers were told that they are in no log. */
  readonly refused = new Set<string>();
  /** Which entry was made of which proposal, by its contents. */
  readonly proposals = new Map<string, { readonly index: number; readonly term: number }>();
  elections = 0;
  /** Members that had lost entries and are whole again, and snapshots that took the place of a log. */
  recoveries = 0;
  installs = 0;

  constructor(members: readonly { readonly id: MemberId; readonly name: string }[], initial: Voters) {
    this.initial = initial;
    for (const { id, name } of members) this.images.set(id, new NodeImage(id, name, initial));
  }

  image(member: MemberId): NodeImage {
    const image = this.images.get(member);
    if (image === undefined) throw new Error(`the world has no member ${member}`);
    return image;
  }

  nameOf(member: MemberId): string {
    return this.images.get(member)?.name ?? `member ${member}`;
  }
}
