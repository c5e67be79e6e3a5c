import type { CheckResult, HistoryEvent } from "@gauntlet/histories";
import { whereOf } from "./evidence.js";
import type { LiveCheck } from "./workload.js";

/** `details` of a failed revision check. */
export interface RevisionEvidence {
  readonly kind: "revisions";
  /** By the index of their invoke events. */
  readonly operations: readonly number[];
  /** Key of the answer that broke the order. */
  readonly key: string | null;
  /** Index of the completion event that is wrong, and of the one that it contradicts. */
  readonly event: number;
  readonly contradicts: number;
}

/** Whether an operation that was answered `ok` wrote something. */
export type Changes = (ok: HistoryEvent) => boolean;

/** An answer, and the index of the invoke event that it answers. */
interface Answered {
  readonly revision: number;
  readonly event: HistoryEvent;
  readonly invoke: number;
}

interface Open {
  readonly invoke: number;
  /** The highest revision that had been answered when the operation began. */
  readonly floor: Answered | undefined;
}

/**
 * The store's revision never goes back in real time, and each write has a revision of its own.
 *
 * Why this is sound: the revision counts the writes applied to the whole store, so it is a part of the
 * store's state that every answer shows. A write takes effect when it is applied, and answers the revision it
 * made (a compare-and-set that changed nothing: the revision it found). A linearizable read answers the
 * revision of the state it read, and that state holds everything that was committed when the read began.
 * An operation that begins after another one ended is therefore applied to a state that has at least the other's
 * revision, on whatever key and node; if it changes something, to one that has more. Operations without
 * an answer only add to the revision. An operation of several calls, of which the last one writes, has the revision of that
 * write. It would not hold for serializable reads: they may be stale by right.
 *
 * Undefined for a history whose answers carry no revisions.
 */
export function checkRevisions(history: readonly HistoryEvent[], changes: Changes): CheckResult | undefined {
  const order = new RevisionOrder(changes);
  for (const event of history) {
    const found = order.push(event);
    if (found !== undefined) return found;
  }
  if (order.answers === 0) return undefined;
  const reason = `the revisions of ${order.answers} answers agree with the order of the operations`;
  return { name: "revisions", kind: "safety", verdict: "valid", reason };
}

/** The same, event by event while a history grows. */
export class RevisionOrder implements LiveCheck {
  /** How many answers carried a revision. */
  answers = 0;
  readonly #changes: Changes;
  /** By process. */
  readonly #open = new Map<number | "nemesis", Open>();
  readonly #writers = new Map<number, Answered>();
  #highest: Answered | undefined;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  push(event: HistoryEvent): CheckResult | undefined {
    if (event.process === "nemesis") return undefined;
    if (event.type === "invoke") {
      this.#open.set(event.process, { invoke: event.index, floor: this.#highest });
      return undefined;
    }
    const { revision } = event;
    const open = this.#open.get(event.process);
    this.#open.delete(event.process);
    if (event.type !== "ok" || revision === undefined || open === undefined) return undefined;
    this.answers += 1;
    if (this.answers % FORGET_EVERY === 0) this.#forget();
    const { floor, invoke } = open;
    const answered = { revision, event, invoke };
    const changes = this.#changes(event);
    if (floor !== undefined && (changes ? revision <= floor.revision : revision < floor.revision))
      return violation(answered, floor, "which had ended before it began");
    const twin = changes ? this.#writers.get(revision) : undefined;
    if (twin !== undefined) return violation(answered, twin, "and two writes never share a revision");
    if (changes) this.#writers.set(revision, answered);
    if (this.#highest === undefined || revision > this.#highest.revision) this.#highest = answered;
    return undefined;
  }

  /** A write at or below the floors of all open operations is never compared again: the floor would be found first. */
  #forget(): void {
    let least = this.#highest?.revision ?? 0;
    for (const { floor } of this.#open.values()) least = Math.min(least, floor?.revision ?? 0);
    for (const revision of this.#writers.keys()) if (revision <= least) this.#writers.delete(revision);
  }
}

/** Answers. */
const FORGET_EVERY = 1_000;

function violation(wrong: Answered, other: Answered, why: string): CheckResult {
  const details: RevisionEvidence = {
    kind: "revisions",
    operations: [wrong.invoke, other.invoke],
    key: wrong.event.key ?? null,
    event: wrong.event.index,
    contradicts: other.event.index,
  };
  const reason = `${textOf(wrong)}, but ${textOf(other)}, ${why}`;
  return { name: "revisions", kind: "safety", verdict: "invalid", reason, details };
}

function textOf({ event, revision }: Answered): string {
  const of = event.key === undefined ? "" : ` of ${event.key}`;
  return `${event.f}${of} (event ${event.index}, ${whereOf(event)}) answered revision ${revision}`;
}
