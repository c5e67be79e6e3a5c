import type { MemberId } from "./message.js";

interface Sender {
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
 * A sender's ids grow, so what is older than its last `WINDOW` ids is late enough to be given up.
 */
export class ReceivedProposals {
  private readonly senders = new Map<MemberId, Sender>();

  /** False: it was here before, or may have been. */
  isNew(from: MemberId, id: number): boolean {
    const sender = this.senders.get(from) ?? { floor: Number.NEGATIVE_INFINITY, recent: [] };
    this.senders.set(from, sender);
    const at = sender.recent.findLastIndex((known) => known <= id);
    if (id <= sender.floor || sender.recent[at] === id) return false;
    sender.recent.splice(at + 1, 0, id);
    if (sender.recent.length > WINDOW) sender.floor = sender.recent.shift() ?? sender.floor;
    return true;
  }
}

export const WINDOW = 1024;
