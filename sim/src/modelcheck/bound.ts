/** How far the search goes in each direction. Within it, every behaviour is explored. */
export interface Bound {
  readonly name: string;
  /** One sentence for people. */
  readonly what: string;
  readonly members: number;
  /** The first so many of them are the voters at the beginning; the others wait to be taken in. */
  readonly voters: number;
  /** No member campaigns once it is in this term. */
  readonly terms: number;
  /** Proposals taken by leaders, besides the empty entry with which each begins its term. */
  readonly entries: number;
  /** Rounds of heartbeats that leaders send, each of which may have lost appends sent again. */
  readonly heartbeats: number;
  /** Times that a member loses its memory and comes back with what its disk has. */
  readonly crashes: number;
  /** Times that a crash also takes what a member had on its disk, from some entry on: it knows up to which. */
  readonly losses: number;
  /** Changes of the configuration that leaders begin. */
  readonly changes: number;
  readonly wishes: readonly Wish[];
  /** `asynchronous`: writes take any time, and of those under way a crash keeps any prefix. */
  readonly disks: "synchronous" | "asynchronous";
  readonly preVote: boolean;
  /** Only on demand: it takes long. */
  readonly deep: boolean;
  /** Levels of the search, where it is not to be exhausted. */
  readonly depth?: number;
}

/** `replace`: one in, one out, at once, by a joint configuration. `learner`: a newcomer, a voter once it has caught up. */
export type Wish = "add" | "remove" | "replace" | "learner";
