import { EtcdError } from "../errors.js";
import type { ErrorName } from "../errors.js";
import type { MemberId } from "../raft/message.js";

interface Waiting {
  readonly to: MemberId;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: EtcdError) => void;
  /** In which the core was asked for it; null: not yet. */
  term: number | null;
}

/** The calls that wait for the leadership to change hands. All wait equally long: oldest first. */
export class Transfers {
  readonly #timeoutMs: number;

  #waiting: readonly Waiting[] = [];

  #lastAsked: Waiting | null = null;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  add(to: MemberId, nowMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadlineMs = nowMs + this.#timeoutMs;
      this.#waiting = [...this.#waiting, { to, deadlineMs, resolve, reject, term: null }];
    });
  }

  /** To whom the core is to be asked to hand over next, in `term`; null: all were asked. */
  askNext(term: number): MemberId | null {
    const call = this.#waiting.find((each) => each.term === null);
    if (call === undefined) return null;
    call.term = term;
    this.#lastAsked = call;
    return call.to;
  }

  /** What the core was to be asked last is so already. */
  needless(): void {
    this.#end((call) => call === this.#lastAsked, null);
  }

  /** The core will not do what it was asked last. */
  refuseLast(error: ErrorName): void {
    this.#end((call) => call === this.#lastAsked, error);
  }

  /** `leader` leads `term`: who waited for it has what was asked for, others will not get it any more. */
  leaderSeen(leader: MemberId, term: number): void {
    if (this.#waiting.length === 0) return;
    const isOver = (call: Waiting) => call.term !== null && call.term < term;
    this.#end((call) => isOver(call) && call.to === leader, null);
    this.#end(isOver, "LeaderChanged");
  }

  expire(nowMs: number): void {
    if (this.#waiting.length > 0) this.#end((call) => call.deadlineMs <= nowMs, "LeaderTransferTimeout");
  }

  refuseAll(error: ErrorName): void {
    this.#end(() => true, error);
  }

  #end(isOver: (call: Waiting) => boolean, error: ErrorName | null): void {
    const over = this.#waiting.filter(isOver);
    this.#waiting = this.#waiting.filter((call) => !isOver(call));
    for (const call of over) {
      if (error === null) call.resolve();
      else call.reject(new EtcdError(error));
    }
  }
}
