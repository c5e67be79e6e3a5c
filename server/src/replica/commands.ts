import { gauntletpeer } from "@gauntlet/proto";
import type { Random } from "../ports.js";
import type { MemberId } from "../raft/message.js";
import type { QueuedProposal } from "./batches.js";

/**
 * A process draws its first request id from here and counts up: an entry of an earlier life, applied
 * while this one waits, does not pass for one of its own.
 */
const FIRST_REQUEST_ID_BOUND = 2 ** 47;

/** Makes commands of requests: each says who asks, and has an id of its own. */
export class Commands {
  readonly #origin: MemberId;

  #nextRequestId: number;

  constructor(origin: MemberId, random: Random) {
    this.#origin = origin;
    this.#nextRequestId = 1 + random.below(FIRST_REQUEST_ID_BOUND);
  }

  next(body: gauntletpeer.Command.$Properties): QueuedProposal {
    const requestId = this.#nextRequestId;
    this.#nextRequestId += 1;
    const command = { origin: this.#origin, request_id: requestId, ...body };
    return { requestId, data: gauntletpeer.Command.encode(command).finish() };
  }
}
