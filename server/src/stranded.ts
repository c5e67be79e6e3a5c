import type { Logger } from "pino";
import type { Clock } from "./ports.js";
import type { View } from "./replica/parts.js";

/** So many election timeouts without a leader are no election that takes its time. */
export const PATIENCE_TIMEOUTS = 10;

const ADVICE =
  "it does not vote before it has them back, and while those that are whole are no majority nobody leads: bring the other members " +
  "back; where too many have lost their disks for that, see `gauntlet-server accept-loss` in the server's README, Operations";

interface Recovering {
  readonly view: Pick<View, "leader">;
  readonly isRecovering: boolean;
}

/**
 * Notices a member that lost what it had acknowledged, and waits in vain for a leader to get it from: with a majority of
 * such members none can come, and nobody else would say so. Told once each time that it comes to this, and once when it is over.
 */
export class Stranded {
  readonly #patienceMs: number;

  readonly #clock: Pick<Clock, "monotonicMs">;

  readonly #logger: Pick<Logger, "error" | "warn">;

  #followed: Recovering | null = null;

  #lostTo = 0;

  /** When a leader was known last, or this member began. */
  #sinceMs: number;

  #isStranded = false;

  constructor(
    electionTimeoutMs: number,
    clock: Pick<Clock, "monotonicMs">,
    logger: Pick<Logger, "error" | "warn">,
  ) {
    this.#patienceMs = PATIENCE_TIMEOUTS * electionTimeoutMs;
    this.#clock = clock;
    this.#logger = logger;
    this.#sinceMs = clock.monotonicMs();
  }

  get isStranded(): boolean {
    return this.#isStranded;
  }

  /** `lostTo`: as the member began; null: it has all that it acknowledged. */
  follow(replica: Recovering, lostTo: number | null): void {
    this.#followed = replica;
    this.#lostTo = lostTo ?? 0;
    this.#sinceMs = this.#clock.monotonicMs();
  }

  /** Looks whether anything has changed. */
  ticked(): void {
    const { view, isRecovering } = this.#followed ?? { view: { leader: null }, isRecovering: false };
    const nowMs = this.#clock.monotonicMs();
    if (!isRecovering || view.leader !== null) {
      this.#sinceMs = nowMs;
      if (!this.#isStranded) return;
      this.#isStranded = false;
      this.#logger.warn("a leader is there: this member gets from it what it lost");
      return;
    }
    if (this.#isStranded || nowMs - this.#sinceMs < this.#patienceMs) return;
    this.#isStranded = true;
    this.#logger.error(
      { lostTo: this.#lostTo, withoutLeaderMs: Math.round(nowMs - this.#sinceMs) },
      this.#explanation,
    );
  }

  /** `fault` as /health would tell it, with the cause where this is it. */
  explain(fault: string): string {
    return this.#isStranded && fault === "RAFT NO LEADER" ? `${fault}: ${this.#explanation}` : fault;
  }

  get #explanation(): string {
    return `this member lost entries up to ${this.#lostTo} that it had acknowledged, and no leader comes to give them back; ${ADVICE}`;
  }
}
