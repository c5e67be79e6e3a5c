import type { Effect } from "./event.js";
import type { HardState } from "./entry.js";
import type { RaftLog } from "./log.js";
import type { Message } from "./message.js";
import { invariant } from "./invariant.js";

/**
 * Collects the effects of one step, and holds messages back until what they say is durable.
 *
 * One rule for all messages: none leaves before the term and vote that its sender had when it spoke
 * are on disk. A vote is thereby durable when it leaves, and so is a candidate's vote for itself before
 * it can win: a candidate that forgot its campaign in a crash could otherwise be elected twice in
 * one term. (Acknowledgements of entries have a second condition: acceptance.ts.)
 */
export class Outbox {
  private effects: Effect[] = [];
  private held: { readonly until: number; readonly message: Message }[] = [];
  private hardState: HardState | null = null;
  /** Sequence of the write that makes the present term and vote durable. */
  private hardStateSequence = 0;
  private nextSequence = 1;
  private persistedSequence = 0;
  private currentTick = 0;
  /** Ticks in which writes were begun that are not all durable, ascending, with the last write of each. */
  private writing: { readonly tick: number; lastSequence: number }[] = [];

  get hardStateDurable(): boolean {
    return this.hardStateSequence <= this.persistedSequence;
  }

  tick(): void {
    this.currentTick += 1;
  }

  /** How long the oldest write is under way that is not durable; 0: none. A disk that stalls shows by it. */
  get oldestWriteTicks(): number {
    return this.currentTick - (this.writing[0]?.tick ?? this.currentTick);
  }

  persist(hardState: HardState): void {
    this.hardState = hardState;
    this.hardStateSequence = this.nextSequence;
  }

  send(message: Message): void {
    if (this.hardStateDurable) this.effects.push({ type: "send", message });
    else if (this.held.length < MAX_HELD_MESSAGES) {
      this.held.push({ until: this.hardStateSequence, message });
    }
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  persisted(sequence: number): void {
    invariant(
      sequence < this.nextSequence,
      () => `persisted(${sequence}), but ${this.nextSequence} is the next`,
    );
    invariant(
      sequence >= this.persistedSequence,
      () => `persisted goes back from ${this.persistedSequence} to ${sequence}`,
    );
    this.persistedSequence = sequence;
    while ((this.writing[0]?.lastSequence ?? Number.POSITIVE_INFINITY) <= sequence) this.writing.shift();
    if (this.held.length === 0) return;
    for (const { until, message } of this.held) {
      if (until <= sequence) this.effects.push({ type: "send", message });
    }
    this.held = this.held.filter(({ until }) => until > sequence);
  }

  /** All effects of the step; what must be written comes first. */
  take(log: RaftLog): readonly Effect[] {
    const effects = this.effects;
    this.effects = [];
    const { snapshot, entries } = log.stage(this.nextSequence);
    if (this.hardState === null && snapshot === null && entries.length === 0) return effects;
    const sequence = this.nextSequence;
    this.nextSequence += 1;
    const hardState = this.hardState;
    this.hardState = null;
    const newest = this.writing.at(-1);
    if (newest?.tick === this.currentTick) newest.lastSequence = sequence;
    else this.writing.push({ tick: this.currentTick, lastSequence: sequence });
    effects.unshift({ type: "persist", sequence, hardState, snapshot, entries });
    return effects;
  }
}

/** Beyond it a message is dropped, as a network might: the disk has then been stuck for long. */
const MAX_HELD_MESSAGES = 1024;
