import type { MemberId } from "./message.js";

/** One life of a sender, from one start of its process to the next: its ids grow. */
interface Life {
  /** Of what came up to here, nothing is known any more. */
  floor: number;
  /** Ascending, all above the floor. */
  recent: number[];
}

/**
 * What others handed to this leader, so that a message that comes twice is not taken twice: for one
 * leadership, since a message of an earlier term is dropped anyway. What was refused counts, too: its
 * proposer was told that it never enters a log.
 *
 * In one life of a sender ids grow, so what is older than its last `WINDOW` ids is late enough to be given up. The
 * next life begins anywhere, above or below: an id that is far from all that are known begins one.
 */
export class ReceivedProposals {
  private readonly senders = new Map<MemberId, Life[]>();

  /** False: it was here before, or may have been. */
  isNew(from: MemberId, id: number): boolean {
    const life = this.lifeOf(from, id);
    const at = life.recent.findLastIndex((known) => known <= id);
    if (id <= life.floor || life.recent[at] === id) return false;
    life.recent.splice(at + 1, 0, id);
    if (life.recent.length > WINDOW) life.floor = life.recent.shift() ?? life.floor;
    return true;
  }

  private lifeOf(from: MemberId, id: number): Life {
    const lives = this.senders.get(from) ?? [];
    this.senders.set(from, lives);
    const known = lives.find(({ recent }) => Math.abs(id - (recent.at(-1) ?? id)) < REACH);
    if (known !== undefined) return known;
    const life = { floor: Number.NEGATIVE_INFINITY, recent: [] };
    lives.push(life);
    if (lives.length > MAX_LIVES) lives.shift();
    return life;
  }
}

export const WINDOW = 1024;

/**
 * Ids of one life that are on their way at one time are closer than this, and those of two lives hardly ever are: each
 * begins anywhere below 2^47. Where two do, the later one's may be given up until they have grown past.
 */
export const REACH = 2 ** 24;

/** What a sender said so many starts ago, in this same term, is not on its way any more. */
export const MAX_LIVES = 16;
